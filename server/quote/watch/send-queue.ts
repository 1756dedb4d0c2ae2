import { type Quote, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { type MissedFrom, missedFrom, type ReaderSubscription } from "../hub/reader-subscription.ts";
import type { LogEntry } from "../log/quote-log.ts";
import { ConflatingQueue } from "./conflating-queue.ts";
import { LosslessQueue } from "./lossless-queue.ts";

/** The quotes of one subscription that were not sent: all from the first to the newest. */
export interface Backlog {
  readonly first: MissedFrom;
  readonly newest: LogEntry;
  readonly count: number;
}

/**
 * The quotes that one reader has not taken yet. A quote is ready, part of a snapshot, or deferred: the reader cannot take
 * a deferred one before the delivery makes it ready. Each subscription has at most one quote in one of these three
 * queues. A lossless reader also has a queue of all its quotes, which has a limit. So memory is bounded.
 */
export class SendQueue {
  /** The number of quotes that a newer one has replaced, or that the log has evicted before a replay had read them. */
  conflatedCount = 0;
  readonly #now: () => number;
  readonly #lossless: LosslessQueue | undefined;
  readonly #snapshot = new ConflatingQueue();
  readonly #ready = new ConflatingQueue();
  readonly #deferred = new ConflatingQueue();

  /**
   * @param now the clock of the timers, in milliseconds: records when a quote of a rate-limited subscription was taken
   * @param maxWaiting the capacity of the lossless queue
   */
  constructor(policy: SlowReaderPolicy, now: () => number, maxWaiting?: number) {
    this.#lossless = policy === SlowReaderPolicy.DISCONNECT ? new LosslessQueue(maxWaiting) : undefined;
    this.#now = now;
  }

  /** Whether no quote may be skipped. */
  get isLossless(): boolean {
    return this.#lossless !== undefined;
  }

  /** The number of quotes that the reader can take. */
  get size(): number {
    return (this.#lossless?.size ?? 0) + this.#snapshot.size + this.#ready.size;
  }

  get hasSnapshot(): boolean {
    return this.#snapshot.size > 0;
  }

  /** The arrival time of the oldest quote that the reader can take; undefined if there is none. */
  get oldestArrival(): number | undefined {
    const oldest = [this.#lossless?.oldest, this.#snapshot.oldest, this.#ready.oldest];
    const arrivals = oldest.filter((entry) => entry !== undefined).map(({ arrivedAt }) => arrivedAt);
    return arrivals.length === 0 ? undefined : Math.min(...arrivals);
  }

  /**
   * The lowest `seq` of all queued quotes, deferred ones included, and of the quotes that they replaced while they were
   * ready; Infinity if no quote is queued.
   */
  get oldestSeq(): number {
    const seq = Math.min(this.#ready.since, this.#deferred.since, this.#snapshot.since);
    const lossless = this.#lossless?.oldest;
    return lossless === undefined ? seq : Math.min(seq, lossless.seq);
  }

  /** Adds the newest quote of the log under the reader's policy. Returns false, and adds nothing, if the queue is full. */
  push(subscription: ReaderSubscription, entry: LogEntry): boolean {
    if (this.#lossless !== undefined) return this.#lossless.push(entry);
    this.conflate(subscription, entry);
    return true;
  }

  /** Adds the newest quote of the log, or replaces the one of its subscription that is ready or part of the snapshot. */
  conflate(subscription: ReaderSubscription, entry: LogEntry): void {
    const queue = subscription.queue === this.#snapshot ? this.#snapshot : this.#ready;
    if (queue.push(subscription, entry)) this.conflatedCount++;
  }

  /** Whether {@link conflate} would replace a quote. */
  canConflate(subscription: ReaderSubscription): boolean {
    return subscription.queue === this.#ready || subscription.queue === this.#snapshot;
  }

  /** Adds the first quote of a subscription to the snapshot. */
  insertSnapshot(subscription: ReaderSubscription, entry: LogEntry): void {
    this.#snapshot.insert(subscription, entry);
  }

  /** Adds an older quote of the log as ready. No quote of its subscription may be queued. */
  insertReady(subscription: ReaderSubscription, entry: LogEntry): void {
    this.#ready.insert(subscription, entry);
  }

  /** Defers an older quote of the log. No quote of its subscription may be queued. */
  insertDeferred(subscription: ReaderSubscription, entry: LogEntry): void {
    this.#deferred.insert(subscription, entry);
  }

  /**
   * Defers the newest quote of the log. Returns whether it has replaced a deferred one. {@link oldestSeq} forgets the
   * replaced one: a pause may last longer than the log keeps quotes.
   */
  defer(subscription: ReaderSubscription, entry: LogEntry): boolean {
    const hasReplaced = this.#deferred.remove(subscription) !== undefined;
    this.#deferred.push(subscription, entry);
    return hasReplaced;
  }

  /** Removes the deferred quote of a subscription, and returns it. */
  takeDeferred(subscription: ReaderSubscription): LogEntry | undefined {
    return this.#deferred.remove(subscription);
  }

  /** Removes up to `max` quotes of the snapshot, those queued longest, and returns them in the order of the log. */
  takeSnapshot(max: number): Quote[] {
    return this.#takeInOrder(max, this.#snapshot);
  }

  /** Removes up to `max` ready quotes, those queued longest, and returns them in the order of the log. */
  take(max: number): Quote[] {
    if (this.#lossless !== undefined && this.#ready.size === 0) return this.#lossless.take(max).map(quoteOf);
    return this.#takeInOrder(max, this.#ready);
  }

  /** Removes all quotes of some subscriptions, and returns the backlog of each that had any. */
  withdraw(subscriptions: readonly ReaderSubscription[]): Map<ReaderSubscription, Backlog> {
    const backlogs = new Map<ReaderSubscription, Backlog>();
    const lossless = this.#extractLossless(subscriptions);
    for (const each of subscriptions) {
      const other = this.#snapshot.remove(each) ?? this.#ready.remove(each) ?? this.#deferred.remove(each);
      const entries = [...(lossless.get(each.symbol) ?? []), ...(other === undefined ? [] : [other])];
      const [first, ...rest] = entries.sort((a, b) => a.seq - b.seq);
      if (first === undefined) continue;
      backlogs.set(each, { first: missedFrom(first), newest: rest.at(-1) ?? first, count: entries.length });
    }
    return backlogs;
  }

  /**
   * Removes the lossless quotes of some subscriptions and counts all but the newest of each as conflated. The newest
   * replaces the quote of the snapshot if there is one; the others are returned.
   */
  conflateLossless(subscriptions: readonly ReaderSubscription[]): Map<ReaderSubscription, LogEntry> {
    const removed = new Map<ReaderSubscription, LogEntry>();
    const inSnapshot = new Map<ReaderSubscription, LogEntry>();
    const lossless = this.#extractLossless(subscriptions);
    for (const each of subscriptions) {
      const entries = lossless.get(each.symbol);
      const newest = entries?.at(-1);
      if (entries === undefined || newest === undefined) continue;
      this.conflatedCount += entries.length - 1;
      if (this.#snapshot.remove(each) !== undefined) {
        this.conflatedCount++;
        inSnapshot.set(each, newest);
      } else {
        if (this.#ready.remove(each) !== undefined) this.conflatedCount++;
        removed.set(each, newest);
      }
    }
    for (const [each, newest] of [...inSnapshot].sort(([, a], [, b]) => a.seq - b.seq)) {
      this.#snapshot.insert(each, newest);
    }
    return removed;
  }

  clear(): void {
    this.#lossless?.clear();
    for (const queue of [this.#snapshot, this.#ready, this.#deferred]) queue.clear();
  }

  #extractLossless(subscriptions: readonly ReaderSubscription[]): Map<string, LogEntry[]> {
    if (this.#lossless === undefined || this.#lossless.size === 0) return new Map();
    const extracted = this.#lossless.extract(new Set(subscriptions.map(({ symbol }) => symbol)));
    return Map.groupBy(extracted, ({ quote }) => quote.symbol);
  }

  /** Sorts only if necessary: a quote that was replaced while it was queued has kept its earlier place. */
  #takeInOrder(max: number, queue: ConflatingQueue): Quote[] {
    const quotes: Quote[] = [];
    let newestSeq = 0;
    let isInOrder = true;
    while (quotes.length < max) {
      const entry = this.#shift(queue);
      if (entry === undefined) break;
      if (entry.seq < newestSeq) isInOrder = false;
      newestSeq = entry.seq;
      quotes.push(entry.quote);
    }
    return isInOrder ? quotes : quotes.sort((a, b) => (a.seq < b.seq ? -1 : 1));
  }

  /** Removes the quote queued longest: of the snapshot, or of the lossless and the ready quotes together. */
  #shift(queue: ConflatingQueue): LogEntry | undefined {
    const subscription = queue.first;
    const lossless = queue === this.#ready ? this.#lossless?.oldest : undefined;
    if (lossless !== undefined && (subscription === undefined || lossless.seq < subscription.queuedSince)) {
      return this.#lossless?.shift();
    }
    if (subscription === undefined) return undefined;
    if (subscription.control !== undefined) subscription.control.lastSentAt = this.#now();
    return queue.remove(subscription);
  }
}

function quoteOf({ quote }: LogEntry): Quote {
  return quote;
}
