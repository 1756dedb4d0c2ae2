import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { QuoteSchema } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { someMonday } from "../../../shared/testing/manual-time.ts";
import type { LogEntry, QuoteLog } from "../quote-log.ts";

/** Creates an entry for tests of a log. */
export function testEntry(seq: number, arrivedAt = someMonday + seq): LogEntry {
  return { seq, quote: create(QuoteSchema, { symbol: "A", seq: BigInt(seq) }), arrivedAt };
}

/**
 * Tests the contract of {@link QuoteLog}.
 *
 * @param open returns an empty log with a capacity of 100 to 999 quotes
 */
export function describeQuoteLog(name: string, open: () => QuoteLog): void {
  describe(`${name} meets the contract of a quote log:`, () => {
    const filled = (count: number) => {
      const log = open();
      for (let seq = 1; seq <= count; seq++) log.append(testEntry(seq));
      return log;
    };
    const seqs = (entries: readonly LogEntry[]) => entries.map(({ seq }) => seq);

    it("an empty log starts at 1 and returns nothing", () => {
      const log = open();
      expect([log.oldestSeq, log.newestSeq, log.read(0, 10)]).toEqual([1, 0, []]);
    });

    it("returns appended quotes in order, after a position and up to a limit", () => {
      const log = filled(10);
      expect([log.oldestSeq, log.newestSeq]).toEqual([1, 10]);
      expect(seqs(log.read(0, 3))).toEqual([1, 2, 3]);
      expect(seqs(log.read(3, 100))).toEqual([4, 5, 6, 7, 8, 9, 10]);
      expect(log.read(10, 100)).toEqual([]);
      expect(log.read(5, 0)).toEqual([]);
    });

    it("returns the same objects that were appended", () => {
      const log = open();
      const entry = testEntry(1);
      log.append(entry);
      expect(log.read(0, 1)[0]).toBe(entry);
    });

    it("refuses a quote after a gap, and a quote that it already contains", () => {
      const log = filled(2);
      expect(() => log.append(testEntry(4))).toThrow("quote 4 does not follow 2");
      expect(() => log.append(testEntry(2))).toThrow("quote 2 does not follow 2");
      expect(log.newestSeq).toBe(2);
    });

    it("evicts the oldest quotes one by one, and reads from the oldest remaining one", () => {
      const log = filled(3_000);
      const stored = 3_000 - log.oldestSeq + 1;
      expect(stored).toBeGreaterThanOrEqual(100);
      expect(stored).toBeLessThan(1_000);
      expect(seqs(log.read(0, 2))).toEqual([log.oldestSeq, log.oldestSeq + 1]);
      expect(seqs(log.read(0, 10_000))).toEqual(Array.from({ length: stored }, (_, at) => log.oldestSeq + at));
      const { oldestSeq } = log;
      log.append(testEntry(3_001));
      expect(log.oldestSeq).toBeGreaterThanOrEqual(oldestSeq);
      expect(seqs(log.read(2_999, 10))).toEqual([3_000, 3_001]);
    });
  });
}
