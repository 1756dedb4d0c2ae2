import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { InstrumentSchema, QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { createListing, ReaderSubscription } from "../hub/reader-subscription.ts";
import type { LogEntry } from "../log/quote-log.ts";
import { ConflatingQueue } from "./conflating-queue.ts";

function subscriptions(count: number): ReaderSubscription[] {
  const instrument = create(InstrumentSchema, { symbol: "A" });
  return Array.from({ length: count }, () => {
    return new ReaderSubscription({ offer: () => {} }, createListing(instrument));
  });
}

function entry(seq: number): LogEntry {
  return { seq, quote: create(QuoteSchema, { seq: BigInt(seq) }), arrivedAt: seq };
}

/** Removes all quotes from the front. */
function seqs(queue: ConflatingQueue): (number | undefined)[] {
  const taken: (number | undefined)[] = [];
  while (queue.first !== undefined) taken.push(queue.remove(queue.first)?.seq);
  return taken;
}

describe("ConflatingQueue", () => {
  it("is empty at first", () => {
    const queue = new ConflatingQueue();
    expect([queue.size, queue.first, queue.oldest]).toEqual([0, undefined, undefined]);
  });

  it("returns the pushed quotes in the order of the log", () => {
    const queue = new ConflatingQueue();
    for (const [at, each] of subscriptions(3).entries()) expect(queue.push(each, entry(at + 1))).toBe(false);
    expect([queue.size, queue.oldest?.seq]).toEqual([3, 1]);
    expect(seqs(queue)).toEqual([1, 2, 3]);
    expect(queue.size).toBe(0);
  });

  it("replaces the queued quote of a subscription without moving the subscription", () => {
    const queue = new ConflatingQueue();
    const [one, two, three] = subscriptions(3) as [ReaderSubscription, ReaderSubscription, ReaderSubscription];
    queue.push(one, entry(1));
    queue.push(two, entry(2));
    queue.push(three, entry(3));
    expect(queue.push(three, entry(4))).toBe(true);
    expect(queue.push(one, entry(5))).toBe(true);
    expect(queue.push(two, entry(6))).toBe(true);
    expect([queue.size, queue.since, queue.oldest?.seq]).toEqual([3, 1, 4]);
    expect(seqs(queue)).toEqual([5, 6, 4]);
    expect(queue.since).toBe(Number.POSITIVE_INFINITY);
  });

  it("inserts an older quote after a subscription that was queued before it", () => {
    const queue = new ConflatingQueue();
    const [one, two, late] = subscriptions(3) as [ReaderSubscription, ReaderSubscription, ReaderSubscription];
    queue.push(one, entry(1));
    queue.push(two, entry(4));
    queue.push(one, entry(5));
    queue.insert(late, entry(3));
    expect(seqs(queue)).toEqual([5, 3, 4]);
  });

  it("inserts older quotes in the order of the log", () => {
    const queue = new ConflatingQueue();
    const all = subscriptions(5);
    for (const [at, seq] of [4, 2, 3, 1, 5].entries()) queue.insert(all[at] as ReaderSubscription, entry(seq));
    expect(seqs(queue)).toEqual([1, 2, 3, 4, 5]);
  });

  it("inserts many quotes in the order of the log in linear time", () => {
    const queue = new ConflatingQueue();
    const [count, all] = [100, subscriptions(200)];
    let looks = 0;
    for (const [at, each] of all.slice(0, count).entries()) {
      queue.push(each, entry(2 * at + 2));
      const { queuedSince } = each;
      Object.defineProperty(each, "queuedSince", { get: () => ++looks && queuedSince });
    }
    for (const [at, each] of all.slice(count).entries()) queue.insert(each, entry(2 * at + 1));
    // Each insertion compares with the last subscription, with the one inserted before, and with one more.
    expect(looks).toBeLessThanOrEqual(3 * count);
    expect(seqs(queue)).toEqual(all.map((_, at) => at + 1));
  });

  it("removes a subscription from the middle, and only from its own queue", () => {
    const [queue, other] = [new ConflatingQueue(), new ConflatingQueue()];
    const all = subscriptions(3);
    for (const [at, each] of all.entries()) queue.push(each, entry(at + 1));
    const middle = all[1] as ReaderSubscription;
    expect(other.remove(middle)).toBeUndefined();
    expect(queue.remove(middle)?.seq).toBe(2);
    expect(queue.remove(middle)).toBeUndefined();
    expect(seqs(queue)).toEqual([1, 3]);
  });

  it("is empty after clear, and accepts the same subscriptions again", () => {
    const queue = new ConflatingQueue();
    const all = subscriptions(2);
    for (const each of all) queue.push(each, entry(1));
    queue.clear();
    expect([queue.size, queue.oldest]).toEqual([0, undefined]);
    for (const [at, each] of all.entries()) expect(queue.push(each, entry(at + 2))).toBe(false);
    expect(seqs(queue)).toEqual([2, 3]);
  });
});
