import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { QuoteSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { someMonday } from "../../../shared/testing/manual-time.ts";
import type { LogEntry, QuoteLog } from "../quote-log.ts";

/** An entry of a log, for its tests. */
export function testEntry(seq: number, arrivedAt = someMonday + seq): LogEntry {
  return { seq, quote: create(QuoteSchema, { symbol: "A", seq: BigInt(seq) }), arrivedAt };
}

/**
 * What every {@link QuoteLog} promises.
 *
 * @param open makes an empty log that holds at least 100 quotes, and not a thousand
 */
export function describeQuoteLog(name: string, open: () => QuoteLog): void {
  describe(`${name} keeps the promises of every log of quotes:`, () => {
    const filled = (count: number) => {
      const log = open();
      for (let seq = 1; seq <= count; seq++) log.append(testEntry(seq));
      return log;
    };
    const seqs = (entries: readonly LogEntry[]) => entries.map(({ seq }) => seq);

    it("an empty one begins at 1 and has nothing to read", () => {
      const log = open();
      expect([log.oldestSeq, log.newestSeq, log.read(0, 10)]).toEqual([1, 0, []]);
    });

    it("gives what was appended, in order, behind a place and as much as was asked for", () => {
      const log = filled(10);
      expect([log.oldestSeq, log.newestSeq]).toEqual([1, 10]);
      expect(seqs(log.read(0, 3))).toEqual([1, 2, 3]);
      expect(seqs(log.read(3, 100))).toEqual([4, 5, 6, 7, 8, 9, 10]);
      expect(log.read(10, 100)).toEqual([]);
      expect(log.read(5, 0)).toEqual([]);
    });

    it("gives the very entries", () => {
      const log = open();
      const entry = testEntry(1);
      log.append(entry);
      expect(log.read(0, 1)[0]).toBe(entry);
    });

    it("refuses a quote that leaves a gap, and one that is there", () => {
      const log = filled(2);
      expect(() => log.append(testEntry(4))).toThrow("quote 4 does not follow 2");
      expect(() => log.append(testEntry(2))).toThrow("quote 2 does not follow 2");
      expect(log.newestSeq).toBe(2);
    });

    it("lets the oldest go, one by one and for ever, and begins with the oldest that it holds", () => {
      const log = filled(3_000);
      const held = 3_000 - log.oldestSeq + 1;
      expect(held).toBeGreaterThanOrEqual(100);
      expect(held).toBeLessThan(1_000);
      expect(seqs(log.read(0, 2))).toEqual([log.oldestSeq, log.oldestSeq + 1]);
      expect(seqs(log.read(0, 10_000))).toEqual(Array.from({ length: held }, (_, at) => log.oldestSeq + at));
      const { oldestSeq } = log;
      log.append(testEntry(3_001));
      expect(log.oldestSeq).toBeGreaterThanOrEqual(oldestSeq);
      expect(seqs(log.read(2_999, 10))).toEqual([3_000, 3_001]);
    });
  });
}
