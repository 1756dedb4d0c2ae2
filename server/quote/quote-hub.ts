import { create } from "@bufbuild/protobuf";
import {
  type Instrument,
  type Quote,
  QuoteSchema,
  SlowReaderPolicy,
  type Subscription,
  SubscriptionSchema,
  SubscriptionStatus,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import { SubscriberLimitError } from "../errors.ts";
import { share } from "../transport/encoding/shared-message.ts";
import { ConflatingQueue } from "./conflating-queue.ts";
import { LosslessQueue } from "./lossless-queue.ts";
import { type MicroClock, type MicroTime, toTimestamp } from "./micro-time.ts";
import { maxInstruments, type Tick } from "./quote-feed.ts";
import type { LogEntry } from "./quote-queue.ts";
import { QuoteSubscriber } from "./quote-subscriber.ts";
import type { QuoteSubscription, SubscribeOptions } from "./quote-subscription.ts";
import { ResponseMemo } from "./response-memo.ts";

/** How many subscribers a hub serves at once: what one process feeds in time, and far below what it has memory for. */
export const maxSubscribers = 10_000;

export interface QuoteHubOptions {
  /** The name of this life of the log, chosen at random at each start: a fixed64. */
  readonly epoch: bigint;
  /** Stamps the arrival of quotes; what lag is measured with. */
  readonly now: MicroClock;
  /** All that will be quoted, each symbol once, at most {@link maxInstruments}. */
  readonly instruments: readonly Instrument[];
  /** Default: {@link maxSubscribers}. */
  readonly maxSubscribers?: number;
}

/** An instrument with what the hub knows of it. */
interface Listing {
  readonly instrument: Instrument;
  /** Its slot for those who subscribe to everything. */
  readonly index: number;
  /** Who subscribes to it by name, each with the slot that it has for them. */
  readonly watchers: Map<QuoteSubscriber, number>;
  newest: Quote | undefined;
  count: bigint;
}

/**
 * The log of all quotes. It numbers them, keeps the newest of each instrument, and hands each to whoever subscribes
 * to it: a quote costs its own subscribers and nobody else. It has no timers and waits for nobody.
 */
export class QuoteHub {
  readonly epoch: bigint;
  readonly now: MicroClock;
  /** The responses that were made of what was published. */
  readonly responses = new ResponseMemo();
  /** All instruments, sorted by symbol. */
  readonly instruments: readonly Instrument[];
  readonly #listings: ReadonlyMap<string, Listing>;
  readonly #watchersOfAll = new Set<QuoteSubscriber>();
  /** What each subscriber subscribes to by name; nothing for those of everything. */
  readonly #subscribers = new Map<QuoteSubscriber, readonly Listing[]>();
  readonly #maxSubscribers: number;
  #seq = 0n;
  #newestSourceTime: MicroTime | undefined;

  constructor(options: QuoteHubOptions) {
    this.epoch = options.epoch;
    this.now = options.now;
    this.#maxSubscribers = options.maxSubscribers ?? maxSubscribers;
    this.instruments = options.instruments.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
    this.#listings = new Map(
      this.instruments.map((instrument, index) => [instrument.symbol, listing(instrument, index)]),
    );
    if (this.#listings.size < this.instruments.length) throw new Error("two instruments have the same symbol");
    if (this.#listings.size > maxInstruments) throw new Error(`there are more than ${maxInstruments} instruments`);
  }

  /** How many subscribers there are. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** The newest source time of all quotes; absent before the first. */
  get newestSourceTime(): MicroTime | undefined {
    return this.#newestSourceTime;
  }

  /** The sequence number of the newest quote, 0 before the first. */
  newestSeq(): bigint {
    return this.#seq;
  }

  /**
   * Appends ticks to the log, in their order. A waiting subscriber is woken once, and finds all of them.
   *
   * Throws where a tick's symbol has no instrument, which is a mistake of the feed; the ticks before it stand.
   */
  publish(ticks: readonly Tick[]): void {
    const arrivedAt = this.now();
    for (const tick of ticks) {
      const listing = this.#listings.get(tick.symbol);
      if (listing === undefined) throw new Error(`a feed published ${tick.symbol}, which is none of its instruments`);
      this.#hand(listing, { quote: this.#append(listing, tick), arrivedAt });
    }
  }

  /**
   * Begins a subscription. Symbols that no instrument has are reported in it and end nothing.
   *
   * Throws a {@link SubscriberLimitError} where there are as many subscribers as may be.
   */
  subscribe(options: SubscribeOptions): QuoteSubscription {
    if (this.#subscribers.size >= this.#maxSubscribers) throw new SubscriberLimitError(this.#maxSubscribers);
    const all = options.symbols.length === 0;
    const symbols = all ? [...this.#listings.keys()] : [...new Set(options.symbols)];
    const accepted = symbols.map((symbol) => this.#listings.get(symbol)).filter((found) => found !== undefined);
    const subscriber = new QuoteSubscriber(this, queueFor(options.policy, accepted.length));
    if (all) this.#watchersOfAll.add(subscriber);
    else for (const [slot, { watchers }] of accepted.entries()) watchers.set(subscriber, slot);
    this.#subscribers.set(subscriber, all ? [] : accepted);
    return {
      subscriber,
      subscriptions: symbols.map((symbol) => this.#subscription(symbol)),
      snapshot: accepted
        .map(({ newest }) => newest)
        .filter((quote) => quote !== undefined)
        .sort(bySeq),
      seq: this.#seq,
    };
  }

  /** Forgets a subscriber. For subscribers only: dispose of them instead. */
  leave(subscriber: QuoteSubscriber): void {
    for (const { watchers } of this.#subscribers.get(subscriber) ?? []) watchers.delete(subscriber);
    this.#watchersOfAll.delete(subscriber);
    this.#subscribers.delete(subscriber);
  }

  #append(listing: Listing, tick: Tick): Quote {
    this.#seq += 1n;
    listing.count += 1n;
    const quote = share(
      create(QuoteSchema, {
        ...tick,
        sourceTime: toTimestamp(tick.sourceTime),
        seq: this.#seq,
        instrumentSeq: listing.count,
      }),
    );
    listing.newest = quote;
    if (this.#newestSourceTime === undefined || tick.sourceTime > this.#newestSourceTime) {
      this.#newestSourceTime = tick.sourceTime;
    }
    return quote;
  }

  #hand(listing: Listing, entry: LogEntry): void {
    for (const [subscriber, slot] of listing.watchers) subscriber.offer(slot, entry);
    for (const subscriber of this.#watchersOfAll) subscriber.offer(listing.index, entry);
  }

  #subscription(symbol: string): Subscription {
    const known = this.#listings.has(symbol);
    const status = known ? SubscriptionStatus.ACCEPTED : SubscriptionStatus.UNKNOWN_SYMBOL;
    return create(SubscriptionSchema, { symbol, status });
  }
}

function listing(instrument: Instrument, index: number): Listing {
  return { instrument, index, watchers: new Map(), newest: undefined, count: 0n };
}

function queueFor(policy: SlowReaderPolicy, slots: number): ConflatingQueue | LosslessQueue {
  return policy === SlowReaderPolicy.DISCONNECT ? new LosslessQueue() : new ConflatingQueue(slots);
}

function bySeq(a: Quote, b: Quote): number {
  return a.seq < b.seq ? -1 : 1;
}
