import type { Instrument, Subscription } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { LogEntry } from "../log/quote-log.ts";

/** An instrument with its newest quote and its subscriptions. */
export interface Listing {
  readonly instrument: Instrument;
  /** In no order. */
  readonly subscriptions: ReaderSubscription[];
  /** The owner of each subscription, at the same index: the fan-out reads it from here without accessing the subscription. */
  readonly owners: SubscriptionOwner[];
  newest: LogEntry | undefined;
  /** The message about a live subscription without a rate limit, which all streams share. */
  plainSubscription?: Subscription;
}

/** Makes the listing of an instrument that has no quotes yet. */
export function createListing(instrument: Instrument): Listing {
  return { instrument, subscriptions: [], owners: [], newest: undefined };
}

/** Receives the quotes of its subscriptions. */
export interface SubscriptionOwner {
  offer(subscription: ReaderSubscription, entry: LogEntry): void;
}

/**
 * How the quotes of a subscription reach its reader. In each state the quotes that the reader has not taken are in one
 * place:
 *
 * - `live`: in the send queue.
 * - `rateLimited`: live, but its newest quote is deferred until the rate limit allows the next one.
 * - `pausedConflating`: its newest quote is deferred until it is resumed.
 * - `pausedForReplay`: in the log, from the first missed one.
 * - `replaying`: in the log, after the last delivered one.
 */
export type DeliveryState =
  | { readonly kind: "live" }
  | { readonly kind: "rateLimited" }
  | PausedConflating
  | PausedForReplay
  | Replaying;

export interface PausedConflating {
  readonly kind: "pausedConflating";
  /** The number of quotes that a newer one has replaced during the pause. */
  skipped: number;
}

export interface PausedForReplay {
  readonly kind: "pausedForReplay";
  /** The first quote that was not sent; undefined if there is none. */
  missed: MissedFrom | undefined;
}

/** The first quote of a subscription that was not sent. */
export interface MissedFrom {
  /** At most the `seq` of the quote. The log has no other quote of the instrument between the two. */
  readonly seq: number;
  readonly instrumentSeq: bigint;
}

export function missedFrom({ seq, quote }: LogEntry): MissedFrom {
  return { seq, instrumentSeq: quote.instrumentSeq };
}

export interface Replaying {
  readonly kind: "replaying";
  readonly subscription: ReaderSubscription;
  /**
   * The `instrument_seq` of the last delivered quote. Undefined: none was delivered, and the replay starts with the
   * oldest quote that the log has when it reads it.
   */
  delivered: bigint | undefined;
}

/** The state of a subscription that is not simply live. */
export interface SubscriptionControl {
  state: DeliveryState;
  /** The maximum number of quotes per second; 0: no limit. */
  maxRate: number;
  /** When a quote was last taken, in milliseconds of the clock of the timers. */
  lastSentAt: number;
  /** When the rate limit allows the deferred quote; only in the state `rateLimited`. */
  dueAt: number;
  /** The index in the heap of `RateLimitTimer`; only in the state `rateLimited`. */
  heapIndex: number;
}

/**
 * The subscription of one stream to one instrument. It is also the node of the linked list in which its quote is queued:
 * at most one quote of it is queued at a time, and so the queue allocates no nodes (docs/decisions/0009).
 */
export class ReaderSubscription {
  readonly owner: SubscriptionOwner;
  readonly listing: Listing;
  /** Undefined: live, without a rate limit. */
  control: SubscriptionControl | undefined = undefined;
  // The fields of the list node. Only the ConflatingQueue that contains the subscription sets them.
  queue: object | undefined = undefined;
  queuedEntry: LogEntry | undefined = undefined;
  /** The `seq` of the first quote that was queued: of `queuedEntry`, or of one that it replaced. */
  queuedSince = 0;
  next: ReaderSubscription | undefined = undefined;
  previous: ReaderSubscription | undefined = undefined;
  /** The index in the arrays of the listing. */
  #index: number;

  /** Adds itself to the listing: from now on its owner receives the quotes of the instrument. */
  constructor(owner: SubscriptionOwner, listing: Listing) {
    this.owner = owner;
    this.listing = listing;
    this.#index = listing.subscriptions.length;
    listing.subscriptions.push(this);
    listing.owners.push(owner);
  }

  get symbol(): string {
    return this.listing.instrument.symbol;
  }

  /**
   * Removes itself from the listing, and moves the last subscription to its index. The owner is allowed to call it during
   * {@link fanOut}, which starts at the last subscription, so the moved one has already been offered the quote.
   */
  detach(): void {
    const { subscriptions, owners } = this.listing;
    const last = subscriptions.pop();
    owners.pop();
    if (last === undefined || last === this) return;
    subscriptions[this.#index] = last;
    owners[this.#index] = last.owner;
    last.#index = this.#index;
  }
}

/** Offers a quote to all subscriptions of its instrument, from the last to the first, so that each can detach itself in `offer`. */
export function fanOut({ subscriptions, owners }: Listing, entry: LogEntry): void {
  for (let index = subscriptions.length - 1; index >= 0; index--) {
    const subscription = subscriptions[index];
    if (subscription !== undefined) owners[index]?.offer(subscription, entry);
  }
}
