import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InstrumentSchema, type Quote, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { ManualTime, someMonday } from "./manual-time.ts";
import { QuoteHub } from "./quote-hub.ts";
import type { QuoteSubscription } from "./quote-subscription.ts";

const symbols = ["A", "B", "C", "D", "E"];
const anySymbols = fc.subarray([...symbols, "UNKNOWN"]);

type Step =
  | { readonly kind: "publish"; readonly symbols: readonly string[] }
  | { readonly kind: "subscribe"; readonly symbols: readonly string[]; readonly policy: SlowReaderPolicy }
  | { readonly kind: "take"; readonly reader: number; readonly max: number }
  | { readonly kind: "leave"; readonly reader: number };

const publish = fc.record({
  kind: fc.constant("publish" as const),
  symbols: fc.array(fc.constantFrom(...symbols), { maxLength: 12 }),
});
const subscribe = fc.record({
  kind: fc.constant("subscribe" as const),
  symbols: anySymbols,
  policy: fc.constantFrom(SlowReaderPolicy.UNSPECIFIED, SlowReaderPolicy.CONFLATE, SlowReaderPolicy.DISCONNECT),
});
const take = fc.record({ kind: fc.constant("take" as const), reader: fc.nat(5), max: fc.integer({ min: 1, max: 6 }) });
const leave = fc.record({ kind: fc.constant("leave" as const), reader: fc.nat(5) });
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: publish },
    { weight: 2, arbitrary: subscribe },
    { weight: 4, arbitrary: take },
    { weight: 1, arbitrary: leave },
  ),
  { maxLength: 80 },
);

/** A reader with what it ought to have got, and what it has got. */
class Reader {
  readonly subscription: QuoteSubscription;
  readonly conflates: boolean;
  readonly symbols: readonly string[];
  readonly got: Quote[] = [];
  readonly newest = new Map<string, Quote>();
  published = 0;
  place: bigint;

  constructor(subscription: QuoteSubscription, policy: SlowReaderPolicy, asked: readonly string[]) {
    this.subscription = subscription;
    this.conflates = policy !== SlowReaderPolicy.DISCONNECT;
    this.symbols = asked.length === 0 ? symbols : asked.filter((symbol) => symbols.includes(symbol));
    this.place = subscription.seq;
    for (const quote of subscription.snapshot) this.newest.set(quote.symbol, quote);
  }

  take(max: number): void {
    const quotes = this.subscription.subscriber.take(max);
    expect(quotes.length).toBeLessThanOrEqual(max);
    for (const quote of quotes) {
      expect(this.symbols).toContain(quote.symbol);
      expect(quote.seq).toBeGreaterThan(this.got.at(-1)?.seq ?? this.subscription.seq);
      expect(quote.seq).toBeGreaterThan(this.place);
      const previous = this.newest.get(quote.symbol)?.instrumentSeq ?? 0n;
      if (this.conflates) expect(quote.instrumentSeq).toBeGreaterThan(previous);
      else expect(quote.instrumentSeq).toBe(previous + 1n);
      this.newest.set(quote.symbol, quote);
      this.got.push(quote);
    }
  }

  check(newestSeq: bigint): void {
    const { queued, conflated, seq } = this.subscription.subscriber;
    expect(this.got.length + conflated + queued).toBe(this.published);
    if (this.conflates) expect(queued).toBeLessThanOrEqual(this.symbols.length);
    else expect(conflated).toBe(0);
    expect(seq).toBeGreaterThanOrEqual(this.place);
    expect(seq).toBeGreaterThanOrEqual(this.got.at(-1)?.seq ?? 0n);
    expect(seq).toBeLessThanOrEqual(newestSeq);
    if (queued === 0) expect(seq).toBe(newestSeq);
    this.place = seq;
  }
}

/** The hub, with readers and a plain model of the last quotes. */
class World {
  readonly hub: QuoteHub;
  readonly counts = new Map<string, bigint>();
  readers: Reader[] = [];

  constructor() {
    const instruments = symbols.map((symbol) => create(InstrumentSchema, { symbol }));
    this.hub = new QuoteHub({ epoch: 1n, now: new ManualTime().now, instruments });
  }

  do(step: Step): void {
    switch (step.kind) {
      case "publish":
        this.#publish(step.symbols);
        break;
      case "subscribe": {
        const subscription = this.hub.subscribe(step);
        expect(new Map(subscription.snapshot.map((quote) => [quote.symbol, quote.instrumentSeq]))).toEqual(
          new Map([...this.counts].filter(([symbol]) => step.symbols.length === 0 || step.symbols.includes(symbol))),
        );
        this.readers.push(new Reader(subscription, step.policy, step.symbols));
        break;
      }
      case "take":
        this.readers[step.reader]?.take(step.max);
        break;
      case "leave":
        this.readers[step.reader]?.subscription.subscriber[Symbol.dispose]();
        this.readers = this.readers.filter((_, index) => index !== step.reader);
        break;
    }
  }

  check(): void {
    expect(this.hub.subscriberCount).toBe(this.readers.length);
    for (const reader of this.readers) reader.check(this.hub.newestSeq());
  }

  /** All readers read to the end: each has the final state of each of its symbols. */
  drain(): void {
    for (const reader of this.readers) {
      while (reader.subscription.subscriber.queued > 0) reader.take(3);
      const expected = [...this.counts].filter(([symbol]) => reader.symbols.includes(symbol));
      expect(new Map(Array.from(reader.newest.values(), (quote) => [quote.symbol, quote.instrumentSeq]))).toEqual(
        new Map(expected),
      );
    }
  }

  #publish(published: readonly string[]): void {
    this.hub.publish(published.map((symbol) => ({ symbol, sourceTime: someMonday, last: 1 })));
    for (const symbol of published) {
      this.counts.set(symbol, (this.counts.get(symbol) ?? 0n) + 1n);
      for (const reader of this.readers) if (reader.symbols.includes(symbol)) reader.published++;
    }
  }
}

describe("QuoteHub, whatever happens in whatever order,", () => {
  it("delivers or conflates each quote once, in order, ends with the final state, and stays within its bounds", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = new World();
        for (const step of all) {
          world.do(step);
          world.check();
        }
        world.drain();
        world.check();
      }),
      { numRuns: 300 },
    );
  });
});
