import { create } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import { InstrumentSchema, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { maxInstruments, type Tick } from "../feed/quote-feed.ts";
import { maxWaitingQuotes } from "../watch/lossless-queue.ts";
import type { QuoteSubscriber } from "../watch/quote-subscriber.ts";
import { QuoteHub, subscriberLimit } from "./quote-hub.ts";

const { CONFLATE, DISCONNECT } = SlowReaderPolicy;

function hubOf(symbols: readonly string[], options?: { time?: ManualTime; maxSubscribers?: number }): QuoteHub {
  const { time = new ManualTime(), maxSubscribers: max } = options ?? {};
  const instruments = symbols.map((symbol) => create(InstrumentSchema, { symbol }));
  return new QuoteHub({
    epoch: 7n,
    now: time.now,
    timers: time.timers,
    instruments,
    subscriberLimit: new SharedLimit(subscriberLimit, { max }),
  });
}

/** Subscribes to symbols, or to all symbols. */
function subscribe(hub: QuoteHub, policy: SlowReaderPolicy, ...symbols: string[]): QuoteSubscriber {
  const subscriber = hub.subscribe(policy);
  const listings = [...hub.listings.values()];
  const named = ({ instrument }: { instrument: { symbol: string } }) => symbols.includes(instrument.symbol);
  subscriber.subscribe(symbols.length === 0 ? listings : listings.filter(named), 0);
  return subscriber;
}

function tick(symbol: string, last = 1): Tick {
  return { symbol, last, sourceTime: someMonday + last };
}

describe("QuoteHub", () => {
  it("numbers quotes over the whole log, and densely within each instrument", () => {
    const hub = hubOf(["A", "B"]);
    const subscriber = subscribe(hub, DISCONNECT);
    hub.publish([tick("A"), tick("B"), tick("A")]);
    const numbers = subscriber.take(9).map((quote) => [quote.symbol, quote.seq, quote.instrumentSeq]);
    expect(numbers).toEqual([
      ["A", 1n, 1n],
      ["B", 2n, 1n],
      ["A", 3n, 2n],
    ]);
  });

  it("creates one quote from a tick for all readers", () => {
    const hub = hubOf(["A"]);
    const [one, two] = [subscribe(hub, CONFLATE), subscribe(hub, DISCONNECT, "A")];
    const [quote] = hub.publish([{ ...tick("A"), bid: 1.5, volume: 10n, sourceSeq: 5n }]);
    expect([one.take(1)[0], two.take(1)[0], hub.newest("A")]).toEqual([quote, quote, quote]);
    expect(one.take(1)).toEqual([]);
    expect(quote).toMatchObject({ symbol: "A", bid: 1.5, volume: 10n, last: 1, sourceSeq: 5n });
    expect(quote?.ask).toBeUndefined();
    expect(quote?.sourceTime).toMatchObject({ seconds: 1_767_623_400n, nanos: 1000 });
  });

  it("sorts its instruments by symbol", () => {
    expect(hubOf(["B", "a", "A"]).instruments.map(({ symbol }) => symbol)).toEqual(["A", "B", "a"]);
  });

  it("refuses two instruments with the same symbol, and more than the limit", () => {
    expect(() => hubOf(["A", "A"])).toThrow("two instruments have the same symbol");
    const symbols = Array.from({ length: maxInstruments + 1 }, (_, index) => `S${index}`);
    expect(() => hubOf(symbols)).toThrow("more than 10000 instruments");
  });

  it("refuses a tick with an unknown symbol", () => {
    expect(() => hubOf(["A"]).publish([tick("X")])).toThrow("X, which is none of its instruments");
  });

  it("remembers the newest source time of all instruments", () => {
    const hub = hubOf(["A", "B"]);
    expect(hub.newestSourceTime).toBeUndefined();
    hub.publish([tick("A", 5), tick("B", 3)]);
    expect(hub.newestSourceTime).toBe(someMonday + 5);
  });

  it("returns its instruments, and the newest quote of each", () => {
    const hub = hubOf(["A", "B"]);
    expect([hub.has("A"), hub.has("X"), hub.newest("A"), hub.newest("X")]).toEqual([true, false, undefined, undefined]);
    hub.publish([tick("A", 1), tick("A", 2)]);
    expect(hub.newest("A")?.last).toBe(2);
  });

  it("resolves a promise when the first subscriber joins", async () => {
    const hub = hubOf(["A"]);
    let isResolved = false;
    const first = hub.firstSubscriber.then(() => {
      isResolved = true;
    });
    await Promise.resolve();
    expect(isResolved).toBe(false);
    subscribe(hub, CONFLATE)[Symbol.dispose]();
    await first;
    expect(isResolved).toBe(true);
  });
});

describe("a subscriber", () => {
  it("starts with the newest quote of each of its symbols that has one, in the order of the log", () => {
    const hub = hubOf(["A", "B", "C", "D"]);
    hub.publish([tick("A", 1), tick("C", 1), tick("B", 1), tick("A", 2)]);
    const subscriber = subscribe(hub, CONFLATE, "A", "B", "D");
    expect([subscriber.queued, subscriber.seq, subscriber.hasSnapshot]).toEqual([2, 2, true]);
    expect(subscriber.takeSnapshot(9).map((quote) => quote.seq)).toEqual([3n, 4n]);
    expect([subscriber.seq, subscriber.queued, subscriber.hasSnapshot]).toEqual([4, 0, false]);
  });

  it("receives no quotes of other symbols", () => {
    const hub = hubOf(["A", "B"]);
    const subscriber = subscribe(hub, CONFLATE, "B");
    hub.publish([tick("A"), tick("B"), tick("A")]);
    expect(subscriber.take(9).map(({ symbol }) => symbol)).toEqual(["B"]);
    expect(subscriber.seq).toBe(3);
  });

  it("wakes its reader once for all quotes that were published together", async () => {
    const hub = hubOf(["A", "B"]);
    const subscriber = subscribe(hub, DISCONNECT);
    const woken = subscriber.wait().then(() => subscriber.take(9).length);
    hub.publish([tick("A"), tick("B"), tick("A")]);
    expect(await woken).toBe(3);
  });

  it("does not make its reader wait if quotes are queued", async () => {
    const hub = hubOf(["A"]);
    const subscriber = subscribe(hub, CONFLATE);
    hub.publish([tick("A")]);
    await expect(subscriber.wait()).resolves.toBeUndefined();
  });

  it("reports the arrival time of the oldest queued quote", () => {
    const time = new ManualTime();
    const hub = hubOf(["A", "B"], { time });
    const subscriber = subscribe(hub, CONFLATE);
    expect(subscriber.oldestArrival).toBeUndefined();
    hub.publish([tick("A")]);
    time.advance(20);
    hub.publish([tick("B")]);
    expect(subscriber.oldestArrival).toBe(someMonday);
    hub.publish([tick("A")]);
    expect(subscriber.oldestArrival).toBe(someMonday + 20_000);
  });

  it("has a cursor that is valid for every symbol while quotes are queued", () => {
    const hub = hubOf(["A", "B"]);
    const subscriber = subscribe(hub, CONFLATE);
    hub.publish([tick("A"), tick("B"), tick("A")]);
    expect(subscriber.seq).toBe(0); // the second A replaces the first one in the queue
    subscriber.take(1);
    expect(subscriber.seq).toBe(1);
    subscriber.take(1);
    expect(subscriber.seq).toBe(3);
  });

  it("leaves the hub when it is disposed of, and wakes its reader", async () => {
    const hub = hubOf(["A"]);
    const [one, all] = [subscribe(hub, CONFLATE, "A"), subscribe(hub, CONFLATE)];
    expect(hub.subscriberCount).toBe(2);
    const waited = one.wait();
    one[Symbol.dispose]();
    all[Symbol.dispose]();
    all[Symbol.dispose]();
    await waited;
    const offers = [vi.spyOn(one, "offer"), vi.spyOn(all, "offer")];
    hub.publish([tick("A")]);
    for (const offer of offers) expect(offer).not.toHaveBeenCalled();
    expect([hub.subscriberCount, one.queued, all.queued, one.seq]).toEqual([0, 0, 0, 0]);
  });

  it("is refused at the limit of subscribers, until one leaves", () => {
    const hub = hubOf(["A"], { maxSubscribers: 1 });
    const subscriber = subscribe(hub, CONFLATE);
    expect(() => hub.subscribe(CONFLATE)).toThrow(LimitError);
    subscriber[Symbol.dispose]();
    expect(() => hub.subscribe(CONFLATE)).not.toThrow();
  });

  it("that conflates receives the newest quote of each symbol, and counts the skipped ones", () => {
    const hub = hubOf(["A", "B"]);
    const subscriber = subscribe(hub, SlowReaderPolicy.UNSPECIFIED);
    for (let last = 1; last <= 50_000; last++) hub.publish([tick("A", last), tick("B", last)]);
    expect([subscriber.queued, subscriber.conflated]).toEqual([2, 99_998]);
    expect(subscriber.take(9).map(({ symbol, last }) => [symbol, last])).toEqual([
      ["A", 50_000],
      ["B", 50_000],
    ]);
  });

  it("that is lossless fails beyond its limit, wakes its reader, and leaves the hub", async () => {
    const hub = hubOf(["A", "B"]);
    const [subscriber, fast] = [subscribe(hub, DISCONNECT, "A"), subscribe(hub, DISCONNECT, "A")];
    hub.publish([tick("B"), ...Array.from({ length: maxWaitingQuotes }, (_, index) => tick("A", index))]);
    expect(subscriber.take(1)).toHaveLength(1);
    expect(fast.take(maxWaitingQuotes)).toHaveLength(maxWaitingQuotes);
    hub.publish([tick("A"), tick("A")]);
    await subscriber.wait();
    expect(() => subscriber.take(1)).toThrow(LimitError);
    expect([subscriber.queued, subscriber.seq, hub.subscriberCount]).toEqual([0, 2, 1]);
    expect(fast.take(9)).toHaveLength(2);
  });
});
