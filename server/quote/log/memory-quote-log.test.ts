import { describe, expect, it } from "vitest";
import { someMonday } from "../../shared/testing/manual-time.ts";
import { MemoryQuoteLog } from "./memory-quote-log.ts";
import { describeQuoteLog, testEntry } from "./testing/quote-log.contract.ts";

describeQuoteLog("MemoryQuoteLog", () => new MemoryQuoteLog({ maxQuotes: 100 }));

const second = 1_000_000;

describe("MemoryQuoteLog", () => {
  it("evicts quotes that are too old when another one is appended", () => {
    const log = new MemoryQuoteLog({ maxSeconds: 10 });
    for (let seq = 1; seq <= 20; seq++) log.append(testEntry(seq, someMonday + seq * second));
    expect([log.oldestSeq, log.newestSeq]).toEqual([10, 20]);
    expect(log.read(0, 1)[0]?.seq).toBe(10);
  });

  it("keeps the newest quote, regardless of the time since the previous one", () => {
    const log = new MemoryQuoteLog({ maxSeconds: 10, maxQuotes: 5 });
    for (let seq = 1; seq <= 4; seq++) log.append(testEntry(seq, someMonday + seq));
    log.append(testEntry(5, someMonday + 3_600 * second));
    expect([log.oldestSeq, log.read(0, 9).length]).toEqual([5, 1]);
    for (let seq = 6; seq <= 12; seq++) log.append(testEntry(seq, someMonday + 3_600 * second));
    expect([log.oldestSeq, log.read(0, 9).length]).toEqual([8, 5]);
  });

  it("evicts nothing when the clock is set back", () => {
    const log = new MemoryQuoteLog({ maxSeconds: 10 });
    log.append(testEntry(1, someMonday));
    log.append(testEntry(2, someMonday - 3_600 * second));
    expect(log.read(0, 9)).toHaveLength(2);
  });
});
