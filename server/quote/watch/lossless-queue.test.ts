import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { LogEntry } from "../log/quote-log.ts";
import { LosslessQueue } from "./lossless-queue.ts";

function entry(seq: number, symbol = "A"): LogEntry {
  return { seq, quote: create(QuoteSchema, { symbol, seq: BigInt(seq) }), arrivedAt: seq };
}

function seqs(queue: LosslessQueue): number[] {
  const taken: number[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) taken.push(next.seq);
  return taken;
}

describe("LosslessQueue", () => {
  it("returns all quotes in their order", () => {
    const queue = new LosslessQueue();
    expect([queue.size, queue.oldest, queue.shift()]).toEqual([0, undefined, undefined]);
    for (let seq = 1; seq <= 3; seq++) queue.push(entry(seq));
    expect([queue.size, queue.oldest?.seq]).toEqual([3, 1]);
    expect(seqs(queue)).toEqual([1, 2, 3]);
  });

  it("refuses a quote beyond its limit, and keeps the others", () => {
    const queue = new LosslessQueue(2);
    queue.push(entry(1));
    queue.push(entry(2));
    expect(queue.push(entry(3))).toBe(false);
    expect(seqs(queue)).toEqual([1, 2]);
  });

  it("accepts a quote again after one was removed, any number of times", () => {
    const queue = new LosslessQueue(2);
    for (let seq = 1; seq <= 2; seq++) queue.push(entry(seq));
    for (let seq = 3; seq <= 50; seq++) {
      expect(queue.shift()?.seq).toBe(seq - 2);
      expect(queue.push(entry(seq))).toBe(true);
    }
    expect(queue.size).toBe(2);
  });

  it("extracts the quotes of some symbols and keeps the others, both in order", () => {
    const queue = new LosslessQueue();
    for (const [at, symbol] of ["A", "B", "C", "A", "B"].entries()) queue.push(entry(at, symbol));
    queue.shift();
    expect(queue.extract(new Set(["A", "B"])).map(({ seq }) => seq)).toEqual([1, 3, 4]);
    expect(seqs(queue)).toEqual([2]);
  });

  it("is empty after clear", () => {
    const queue = new LosslessQueue();
    queue.push(entry(1));
    queue.clear();
    expect([queue.size, queue.oldest]).toEqual([0, undefined]);
  });
});
