import { getHeapStatistics } from "node:v8";
import { create } from "@bufbuild/protobuf";
import { type MicroClock, type MicroTime, toTimestamp } from "../../../client/shared/micro-time.ts";
import { systemTimers, type Timers } from "../../../client/shared/timers.ts";
import {
  type Instrument,
  type Quote,
  QuoteSchema,
  type SlowReaderPolicy,
} from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { share } from "../../transport/encoding/shared-message.ts";
import { type Peer, SharedLimit } from "../../transport/protection/shared-limit.ts";
import { maxInstruments, type Tick } from "../feed/quote-feed.ts";
import { MemoryQuoteLog } from "../log/memory-quote-log.ts";
import type { QuoteLog } from "../log/quote-log.ts";
import { QuoteResponseCache } from "../watch/quote-response-cache.ts";
import { QuoteSubscriber } from "../watch/quote-subscriber.ts";
import { createListing, fanOut, type Listing } from "./reader-subscription.ts";

/**
 * The maximum number of concurrent subscribers. One process can deliver to this number in time, and has memory for far
 * more.
 */
export const maxSubscribers = 10_000;

/** The maximum number of subscriptions of all subscribers together, which use some 340 MB. */
export const maxSubscriptions = 2_000_000;

/** The memory of a subscription, in bytes: 163 were measured. */
const subscriptionBytes = 170;

/** The part of the heap that subscriptions may use. */
const heapShare = 1 / 5;

/**
 * Returns the maximum number of subscriptions for a heap of the given size in bytes: {@link maxSubscriptions}, or
 * fewer.
 */
function subscriptionsWithin(heapBytes: number): number {
  return Math.min(maxSubscriptions, Math.floor((heapBytes * heapShare) / subscriptionBytes));
}

/** The limit on subscribers, which clients share. */
export const subscriberLimit = { name: "maxSubscribers", counted: "streams of quotes", max: maxSubscribers };

/** The limit on subscriptions, which clients share. */
export const subscriptionLimit = {
  name: "maxSubscriptions",
  counted: "subscriptions",
  max: subscriptionsWithin(getHeapStatistics().heap_size_limit),
};

export interface QuoteHubOptions {
  /** The epoch of the log: a fixed64, chosen at random at each start. */
  readonly epoch: bigint;
  /** The clock of the arrival times of quotes, from which lag and the age of the log follow. */
  readonly now: MicroClock;
  /** All instruments, each symbol once, at most {@link maxInstruments}. */
  readonly instruments: readonly Instrument[];
  /** An empty log. Default: one in memory. */
  readonly log?: QuoteLog;
  /** For rate limits and heartbeats. Default: {@link systemTimers}. */
  readonly timers?: Timers;
  /** The capacity of the queue of a lossless subscriber, in quotes. Default: `maxWaitingQuotes`. */
  readonly maxWaiting?: number | undefined;
  /** Default: {@link subscriberLimit}, which one client may use up. */
  readonly subscriberLimit?: SharedLimit | undefined;
  /** Default: {@link subscriptionLimit}, which one client may use up. */
  readonly subscriptionLimit?: SharedLimit | undefined;
}

/**
 * Numbers the published quotes, appends them to the log, and offers each to the subscribers of its instrument. A quote
 * costs nothing for other subscribers. Publishing never waits for a subscriber.
 */
export class QuoteHub {
  readonly epoch: bigint;
  readonly now: MicroClock;
  readonly log: QuoteLog;
  readonly timers: Timers;
  readonly maxWaiting: number | undefined;
  readonly responses: QuoteResponseCache;
  /** All instruments, sorted by symbol. */
  readonly instruments: readonly Instrument[];
  /** By symbol, in the same order. */
  readonly listings: ReadonlyMap<string, Listing>;
  readonly #subscribers = new Set<QuoteSubscriber>();
  readonly #firstSubscriber = Promise.withResolvers<void>();
  readonly #subscriberLimit: SharedLimit;
  readonly #subscriptionLimit: SharedLimit;
  #newestSourceTime: MicroTime | undefined;

  constructor(options: QuoteHubOptions) {
    this.epoch = options.epoch;
    this.responses = new QuoteResponseCache(options.epoch);
    this.now = options.now;
    this.log = options.log ?? new MemoryQuoteLog();
    this.timers = options.timers ?? systemTimers;
    this.maxWaiting = options.maxWaiting;
    this.#subscriberLimit = options.subscriberLimit ?? new SharedLimit(subscriberLimit);
    this.#subscriptionLimit = options.subscriptionLimit ?? new SharedLimit(subscriptionLimit);
    this.instruments = options.instruments.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
    this.listings = new Map(this.instruments.map((instrument) => [instrument.symbol, createListing(instrument)]));
    if (this.listings.size < this.instruments.length) throw new Error("two instruments have the same symbol");
    if (this.listings.size > maxInstruments) throw new Error(`there are more than ${maxInstruments} instruments`);
  }

  /** The number of subscribers. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Returns how many more subscriptions a client may have. */
  subscriptionsLeft(peer: Peer): number {
    return this.#subscriptionLimit.availableTo(peer);
  }

  /** Resolves when the first subscriber subscribes. */
  get firstSubscriber(): Promise<void> {
    return this.#firstSubscriber.promise;
  }

  /** The newest source time of all published quotes, those of the test instrument included; undefined before the first. */
  get newestSourceTime(): MicroTime | undefined {
    return this.#newestSourceTime;
  }

  /** Whether an instrument has the symbol. */
  has(symbol: string): boolean {
    return this.listings.has(symbol);
  }

  /** Returns the newest quote of an instrument; undefined before its first, or if no instrument has the symbol. */
  newest(symbol: string): Quote | undefined {
    return this.listings.get(symbol)?.newest?.quote;
  }

  /**
   * Appends ticks to the log, in their order, and returns their quotes. A waiting subscriber wakes once, and finds all of
   * them.
   *
   * Throws if no instrument has the symbol of a tick, which is a bug of the feed; the ticks before it are published.
   */
  publish(ticks: readonly Tick[]): readonly Quote[] {
    const arrivedAt = this.now();
    return ticks.map((tick) => {
      const listing = this.listings.get(tick.symbol);
      if (listing === undefined) throw new Error(`a feed published ${tick.symbol}, which is none of its instruments`);
      const seq = this.log.newestSeq + 1;
      const quote = newQuote(tick, seq, listing.newest?.quote);
      const entry = { seq, quote, arrivedAt };
      listing.newest = entry;
      this.log.append(entry);
      this.#newestSourceTime = Math.max(tick.sourceTime, this.#newestSourceTime ?? tick.sourceTime);
      fanOut(listing, entry);
      return quote;
    });
  }

  /**
   * Adds a subscriber, which has no subscriptions yet.
   *
   * Throws a LimitError if the limit of subscribers is reached, of all clients or of this one.
   *
   * @param seq the position in the log after which it starts; 0 if it starts with a snapshot
   * @param peer the client of the subscriber
   */
  subscribe(policy: SlowReaderPolicy, seq = 0, peer?: Peer): QuoteSubscriber {
    this.#subscriberLimit.add(peer);
    const subscriber = new QuoteSubscriber(this, policy, seq, peer);
    this.#subscribers.add(subscriber);
    this.#firstSubscriber.resolve();
    return subscriber;
  }

  /** Adds a number, which may be negative, to the subscriptions of a client. Only subscribers call it. */
  countSubscriptions(change: number, peer: Peer): void {
    if (change > 0) this.#subscriptionLimit.count(peer, change);
    else if (change < 0) this.#subscriptionLimit.remove(peer, -change);
  }

  /** Removes a subscriber. Only subscribers call it, when they are disposed of. */
  removeSubscriber(subscriber: QuoteSubscriber): void {
    if (this.#subscribers.delete(subscriber)) this.#subscriberLimit.remove(subscriber.peer);
  }
}

function newQuote(tick: Tick, seq: number, previous: Quote | undefined): Quote {
  return share(
    create(QuoteSchema, {
      ...tick,
      sourceTime: toTimestamp(tick.sourceTime),
      seq: BigInt(seq),
      instrumentSeq: (previous?.instrumentSeq ?? 0n) + 1n,
    }),
  );
}
