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
import { QuoteSubscriber } from "../watch/quote-subscriber.ts";
import { ResponseMemo } from "../watch/response-memo.ts";
import { type Listing, listingOf, offerToAll } from "./symbol-subscription.ts";

/** How many subscribers a hub serves at once: what one process feeds in time, and far below what it has memory for. */
export const maxSubscribers = 10_000;

/** How many subscriptions all subscribers may have together: some 340 MB. */
export const maxSubscriptions = 2_000_000;

/** What a subscription takes, in bytes: 163 were measured. */
const subscriptionBytes = 170;

/** How much of the heap subscriptions may take. */
const heapShare = 1 / 5;

/** How many subscriptions all subscribers may have in a heap of so many bytes: {@link maxSubscriptions}, or fewer. */
function subscriptionsWithin(heapBytes: number): number {
  return Math.min(maxSubscriptions, Math.floor((heapBytes * heapShare) / subscriptionBytes));
}
/** The limit on subscribers, as clients share it. */
export const subscriberLimit = { name: "maxSubscribers", counted: "streams of quotes", max: maxSubscribers };

/** The limit on subscriptions, as clients share it. */
export const subscriptionLimit = {
  name: "maxSubscriptions",
  counted: "subscriptions",
  max: subscriptionsWithin(getHeapStatistics().heap_size_limit),
};

export interface QuoteHubOptions {
  /** The name of this life of the log, chosen at random at each start: a fixed64. */
  readonly epoch: bigint;
  /** Stamps the arrival of quotes; what lag and the log's age are measured with. */
  readonly now: MicroClock;
  /** All that will be quoted, each symbol once, at most {@link maxInstruments}. */
  readonly instruments: readonly Instrument[];
  /** Empty. Default: one in memory. */
  readonly log?: QuoteLog;
  /** What rates are kept by. Default: the platform's. */
  readonly timers?: Timers;
  /** How many quotes may wait for a reader that skips none. Default: `maxWaitingQuotes`. */
  readonly maxWaiting?: number | undefined;
  /** Default: {@link subscriberLimit}, all of which one client may use. */
  readonly subscriberLimit?: SharedLimit | undefined;
  /** Default: {@link subscriptionLimit}, all of which one client may use. */
  readonly subscriptionLimit?: SharedLimit | undefined;
}

/**
 * Numbers quotes, keeps them in a log and the newest of each instrument beside it, and hands each to whoever
 * subscribes to its instrument: a quote costs its own subscribers and nobody else. It waits for nobody.
 */
export class QuoteHub {
  readonly epoch: bigint;
  readonly now: MicroClock;
  readonly log: QuoteLog;
  readonly timers: Timers;
  readonly maxWaiting: number | undefined;
  /** The responses that were made of what was published. */
  readonly responses: ResponseMemo;
  /** All instruments, sorted by symbol. */
  readonly instruments: readonly Instrument[];
  /** The same with what the hub knows of them, in the same order. */
  readonly listings: ReadonlyMap<string, Listing>;
  readonly #subscribers = new Set<QuoteSubscriber>();
  readonly #firstSubscriber = Promise.withResolvers<void>();
  readonly #subscriberLimit: SharedLimit;
  readonly #subscriptionLimit: SharedLimit;
  #newestSourceTime: MicroTime | undefined;

  constructor(options: QuoteHubOptions) {
    this.epoch = options.epoch;
    this.responses = new ResponseMemo(options.epoch);
    this.now = options.now;
    this.log = options.log ?? new MemoryQuoteLog();
    this.timers = options.timers ?? systemTimers;
    this.maxWaiting = options.maxWaiting;
    this.#subscriberLimit = options.subscriberLimit ?? new SharedLimit(subscriberLimit);
    this.#subscriptionLimit = options.subscriptionLimit ?? new SharedLimit(subscriptionLimit);
    this.instruments = options.instruments.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
    this.listings = new Map(this.instruments.map((instrument) => [instrument.symbol, listingOf(instrument)]));
    if (this.listings.size < this.instruments.length) throw new Error("two instruments have the same symbol");
    if (this.listings.size > maxInstruments) throw new Error(`there are more than ${maxInstruments} instruments`);
  }

  /** How many subscribers there are. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** How many more subscriptions a client may have. */
  subscriptionsLeft(peer: Peer): number {
    return this.#subscriptionLimit.availableTo(peer);
  }

  /** Resolves when there is a subscriber for the first time. */
  get firstSubscriber(): Promise<void> {
    return this.#firstSubscriber.promise;
  }

  /** The newest source time of all quotes; absent before the first. */
  get newestSourceTime(): MicroTime | undefined {
    return this.#newestSourceTime;
  }

  /** Whether an instrument has the symbol. */
  has(symbol: string): boolean {
    return this.listings.has(symbol);
  }

  /** The newest quote of an instrument; absent before the first, and where no instrument has the symbol. */
  newest(symbol: string): Quote | undefined {
    return this.listings.get(symbol)?.newest?.quote;
  }

  /**
   * Appends ticks to the log, in their order, and returns the quotes that they became. A waiting subscriber is woken
   * once, and finds all of them.
   *
   * Throws where a tick's symbol has no instrument, which is a mistake of the feed; the ticks before it stand.
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
      offerToAll(listing, entry);
      return quote;
    });
  }

  /**
   * Begins a subscriber, without lines so far.
   *
   * @param seq the place in the log that it goes on from: 0 where it begins with a snapshot
   * @param peer the client that it is for
   *
   * Throws a LimitError if there are as many as may be, of all clients or of this one.
   */
  subscribe(policy: SlowReaderPolicy, seq = 0, peer?: Peer): QuoteSubscriber {
    this.#subscriberLimit.add(peer);
    const subscriber = new QuoteSubscriber(this, policy, seq, peer);
    this.#subscribers.add(subscriber);
    this.#firstSubscriber.resolve();
    return subscriber;
  }

  /** Counts subscriptions that begin, or with a negative number end. For subscribers only. */
  countSubscriptions(change: number, peer: Peer): void {
    if (change > 0) this.#subscriptionLimit.count(peer, change);
    else if (change < 0) this.#subscriptionLimit.remove(peer, -change);
  }

  /** Forgets a subscriber. For subscribers only: dispose of them instead. */
  leave(subscriber: QuoteSubscriber): void {
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
