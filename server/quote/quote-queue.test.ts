import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { QuoteSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { ConflatingQueue } from "./conflating-queue.ts";
import { LosslessQueue } from "./lossless-queue.ts";
import type { LogEntry, QuoteQueue } from "./quote-queue.ts";

function entry(seq: number): LogEntry {
  return { quote: create(QuoteSchema, { seq: BigInt(seq) }), arrivedAt: seq };
}

function seqs(queue: QuoteQueue, max: number): number[] {
  return queue.take(max).map((quote) => Number(quote.seq));
}

describe.each([
  ["ConflatingQueue", () => new ConflatingQueue(4)],
  ["LosslessQueue", () => new LosslessQueue(4)],
])("%s keeps the promises of every queue:", (_name, make: () => QuoteQueue) => {
  it("an empty one gives nothing", () => {
    const queue = make();
    expect(queue.take(10)).toEqual([]);
    expect(queue.oldest).toBeUndefined();
  });

  it("gives what was pushed in the order of the log, as much as was asked for", () => {
    const queue = make();
    for (const [slot, seq] of [2, 0, 3].entries()) queue.push(seq, entry(slot + 1));
    expect(queue.size).toBe(3);
    expect(queue.oldest).toEqual(entry(1));
    expect(seqs(queue, 2)).toEqual([1, 2]);
    expect(seqs(queue, 2)).toEqual([3]);
    expect(queue.size).toBe(0);
  });

  it("goes on after it was emptied, many times over", () => {
    const queue = make();
    for (let seq = 1; seq <= 100; seq++) {
      expect(queue.push(seq % 4, entry(seq))).toBe(true);
      if (seq % 3 === 0) expect(seqs(queue, 2)).toEqual([seq - 2, seq - 1]);
      if (seq % 3 === 0) expect(seqs(queue, 2)).toEqual([seq]);
    }
  });

  it("is empty after clear", () => {
    const queue = make();
    queue.push(1, entry(1));
    queue.push(2, entry(2));
    queue.clear();
    expect([queue.size, queue.oldest, queue.take(9)]).toEqual([0, undefined, []]);
    queue.push(1, entry(3));
    expect(seqs(queue, 9)).toEqual([3]);
  });
});

describe("ConflatingQueue", () => {
  it("replaces what waits of a symbol, and moves it to the end", () => {
    const queue = new ConflatingQueue(3);
    queue.push(0, entry(1));
    queue.push(1, entry(2));
    queue.push(0, entry(3));
    expect(queue.size).toBe(2);
    expect(queue.conflated).toBe(1);
    expect(seqs(queue, 9)).toEqual([2, 3]);
  });

  it("does not count a quote as conflated that follows one already taken", () => {
    const queue = new ConflatingQueue(1);
    queue.push(0, entry(1));
    queue.take(1);
    queue.push(0, entry(2));
    expect(queue.conflated).toBe(0);
  });
});

describe("LosslessQueue", () => {
  it("refuses more than its limit, and keeps what it has", () => {
    const queue = new LosslessQueue(2);
    queue.push(0, entry(1));
    queue.push(0, entry(2));
    expect(queue.push(0, entry(3))).toBe(false);
    expect(seqs(queue, 9)).toEqual([1, 2]);
  });

  it("has room again as soon as something was taken", () => {
    const queue = new LosslessQueue(2);
    for (let seq = 1; seq <= 2; seq++) queue.push(0, entry(seq));
    for (let seq = 3; seq <= 50; seq++) {
      expect(seqs(queue, 1)).toEqual([seq - 2]);
      expect(queue.push(0, entry(seq))).toBe(true);
    }
  });
});
