import { create } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import { InstrumentSchema, SlowReaderPolicy, SubscriptionStatus } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { SlowReaderError, SubscriberLimitError } from "../errors.ts";
import { maxWaitingQuotes } from "./lossless-queue.ts";
import { ManualTime, someMonday } from "./manual-time.ts";
import { maxInstruments, type Tick } from "./quote-feed.ts";
import { QuoteHub } from "./quote-hub.ts";

const { CONFLATE, DISCONNECT } = SlowReaderPolicy;

function hubOf(symbols: readonly string[], options?: { time?: ManualTime; maxSubscribers?: number }): QuoteHub {
  const { time = new ManualTime(), maxSubscribers } = options ?? {};
  const instruments = symbols.map((symbol) => create(InstrumentSchema, { symbol }));
  return new QuoteHub({ epoch: 7n, now: time.now, instruments, maxSubscribers });
}

function tick(symbol: string, last = 1): Tick {
  return { symbol, last, sourceTime: someMonday + last };
}

describe("QuoteHub", () => {
  it("numbers quotes over the whole log, and densely within each instrument", () => {
    const hub = hubOf(["A", "B"]);
    const { subscriber } = hub.subscribe({ symbols: [], policy: DISCONNECT });
    hub.publish([tick("A"), tick("B"), tick("A")]);
    const numbers = subscriber.take(9).map((quote) => [quote.symbol, quote.seq, quote.instrumentSeq]);
    expect(numbers).toEqual([
      ["A", 1n, 1n],
      ["B", 2n, 1n],
      ["A", 3n, 2n],
    ]);
  });

  it("makes one quote of a tick, whatever the number of its readers", () => {
    const hub = hubOf(["A"]);
    const [one, two] = [
      hub.subscribe({ symbols: [], policy: CONFLATE }),
      hub.subscribe({ symbols: ["A"], policy: DISCONNECT }),
    ];
    hub.publish([{ ...tick("A"), bid: 1.5, volume: 10n }]);
    const [quote] = one.subscriber.take(1);
    expect(two.subscriber.take(1)[0]).toBe(quote);
    expect(quote).toMatchObject({ symbol: "A", bid: 1.5, volume: 10n, last: 1 });
    expect(quote?.ask).toBeUndefined();
    expect(quote?.sourceTime).toMatchObject({ seconds: 1_767_623_400n, nanos: 1000 });
  });

  it("sorts its instruments by symbol", () => {
    expect(hubOf(["B", "a", "A"]).instruments.map(({ symbol }) => symbol)).toEqual(["A", "B", "a"]);
  });

  it("refuses two instruments of the same symbol, and more than there may be", () => {
    expect(() => hubOf(["A", "A"])).toThrow("two instruments have the same symbol");
    const symbols = Array.from({ length: maxInstruments + 1 }, (_, index) => `S${index}`);
    expect(() => hubOf(symbols)).toThrow("more than 10000 instruments");
  });

  it("refuses a tick that no instrument has", () => {
    expect(() => hubOf(["A"]).publish([tick("X")])).toThrow("X, which is none of its instruments");
  });

  it("remembers the newest source time of all instruments", () => {
    const hub = hubOf(["A", "B"]);
    expect(hub.newestSourceTime).toBeUndefined();
    hub.publish([tick("A", 5), tick("B", 3)]);
    expect(hub.newestSourceTime).toBe(someMonday + 5);
  });
});

describe("a subscription", () => {
  it("answers for each symbol once, in the order asked for, and for unknown ones too", () => {
    const { subscriptions } = hubOf(["A", "B"]).subscribe({ symbols: ["B", "X", "B", "A"], policy: CONFLATE });
    expect(subscriptions.map(({ symbol, status }) => [symbol, status])).toEqual([
      ["B", SubscriptionStatus.ACCEPTED],
      ["X", SubscriptionStatus.UNKNOWN_SYMBOL],
      ["A", SubscriptionStatus.ACCEPTED],
    ]);
  });

  it("is of all instruments where no symbol is named", () => {
    const { subscriptions } = hubOf(["B", "A"]).subscribe({ symbols: [], policy: CONFLATE });
    expect(subscriptions.map(({ symbol }) => symbol)).toEqual(["A", "B"]);
  });

  it("is of nothing where only unknown symbols are named", () => {
    const hub = hubOf(["A"]);
    const { subscriber, snapshot } = hub.subscribe({ symbols: ["X"], policy: CONFLATE });
    hub.publish([tick("A")]);
    expect([snapshot, subscriber.queued]).toEqual([[], 0]);
  });

  it("begins with the newest quote of each of its symbols that has one, in the order of the log", () => {
    const hub = hubOf(["A", "B", "C", "D"]);
    hub.publish([tick("A", 1), tick("C", 1), tick("B", 1), tick("A", 2)]);
    const { snapshot, seq, subscriber } = hub.subscribe({ symbols: ["A", "B", "D"], policy: CONFLATE });
    expect(snapshot.map((quote) => quote.seq)).toEqual([3n, 4n]);
    expect([seq, subscriber.seq, subscriber.queued]).toEqual([4n, 4n, 0]);
  });

  it("gets no quotes of other symbols", () => {
    const hub = hubOf(["A", "B"]);
    const { subscriber } = hub.subscribe({ symbols: ["B"], policy: CONFLATE });
    hub.publish([tick("A"), tick("B"), tick("A")]);
    expect(subscriber.take(9).map(({ symbol }) => symbol)).toEqual(["B"]);
    expect(subscriber.seq).toBe(3n);
  });

  it("wakes its reader once for all that was published together", async () => {
    const hub = hubOf(["A", "B"]);
    const { subscriber } = hub.subscribe({ symbols: [], policy: DISCONNECT });
    const woken = subscriber.wait().then(() => subscriber.take(9).length);
    hub.publish([tick("A"), tick("B"), tick("A")]);
    expect(await woken).toBe(3);
  });

  it("does not let its reader wait where quotes wait", async () => {
    const hub = hubOf(["A"]);
    const { subscriber } = hub.subscribe({ symbols: [], policy: CONFLATE });
    hub.publish([tick("A")]);
    await expect(subscriber.wait()).resolves.toBeUndefined();
  });

  it("tells how long the oldest of the waiting quotes has waited", () => {
    const time = new ManualTime();
    const hub = hubOf(["A", "B"], { time });
    const { subscriber } = hub.subscribe({ symbols: [], policy: CONFLATE });
    expect(subscriber.lagMicros).toBe(0);
    hub.publish([tick("A")]);
    time.pass(20);
    hub.publish([tick("B")]);
    time.pass(5);
    expect(subscriber.lagMicros).toBe(25_000);
    hub.publish([tick("A")]);
    expect(subscriber.lagMicros).toBe(5_000);
  });

  it("marks a place that holds for every symbol while quotes wait", () => {
    const hub = hubOf(["A", "B"]);
    const { subscriber } = hub.subscribe({ symbols: [], policy: CONFLATE });
    hub.publish([tick("A"), tick("B"), tick("A")]);
    expect(subscriber.seq).toBe(1n); // the first A is conflated
    subscriber.take(1);
    expect(subscriber.seq).toBe(2n);
    subscriber.take(1);
    expect(subscriber.seq).toBe(3n);
  });

  it("frees its place when it is disposed of, and its reader stops waiting", async () => {
    const hub = hubOf(["A"]);
    const [one, all] = [
      hub.subscribe({ symbols: ["A"], policy: CONFLATE }),
      hub.subscribe({ symbols: [], policy: CONFLATE }),
    ];
    expect(hub.subscriberCount).toBe(2);
    const waited = one.subscriber.wait();
    one.subscriber[Symbol.dispose]();
    all.subscriber[Symbol.dispose]();
    all.subscriber[Symbol.dispose]();
    await waited;
    const offers = [vi.spyOn(one.subscriber, "offer"), vi.spyOn(all.subscriber, "offer")];
    hub.publish([tick("A")]);
    for (const offer of offers) expect(offer).not.toHaveBeenCalled();
    expect([hub.subscriberCount, one.subscriber.queued, all.subscriber.queued]).toEqual([0, 0, 0]);
    expect(one.subscriber.seq).toBe(0n);
  });

  it("is refused where there are as many as may be, until one goes", () => {
    const hub = hubOf(["A"], { maxSubscribers: 1 });
    const { subscriber } = hub.subscribe({ symbols: [], policy: CONFLATE });
    expect(() => hub.subscribe({ symbols: [], policy: CONFLATE })).toThrow(SubscriberLimitError);
    subscriber[Symbol.dispose]();
    expect(() => hub.subscribe({ symbols: [], policy: CONFLATE })).not.toThrow();
  });
});

describe("a slow reader", () => {
  it("that conflates finds the newest quote of each symbol, and how many it missed", () => {
    const hub = hubOf(["A", "B"]);
    const { subscriber } = hub.subscribe({ symbols: [], policy: SlowReaderPolicy.UNSPECIFIED });
    for (let last = 1; last <= 50_000; last++) hub.publish([tick("A", last), tick("B", last)]);
    expect([subscriber.queued, subscriber.conflated]).toEqual([2, 99_998]);
    expect(subscriber.take(9).map(({ symbol, last }) => [symbol, last])).toEqual([
      ["A", 50_000],
      ["B", 50_000],
    ]);
  });

  it("that skips nothing is cut off beyond the limit, wakes up to it, and leaves the hub", async () => {
    const hub = hubOf(["A", "B"]);
    const { subscriber } = hub.subscribe({ symbols: ["A"], policy: DISCONNECT });
    const fast = hub.subscribe({ symbols: ["A"], policy: DISCONNECT }).subscriber;
    hub.publish([tick("B"), ...Array.from({ length: maxWaitingQuotes }, (_, index) => tick("A", index))]);
    expect(subscriber.take(1)).toHaveLength(1);
    expect(fast.take(maxWaitingQuotes)).toHaveLength(maxWaitingQuotes);
    hub.publish([tick("A"), tick("A")]);
    await subscriber.wait();
    expect(() => subscriber.take(1)).toThrow(SlowReaderError);
    expect([subscriber.queued, subscriber.seq, hub.subscriberCount]).toEqual([0, 2n, 1]);
    expect(fast.take(9)).toHaveLength(2);
  });
});
