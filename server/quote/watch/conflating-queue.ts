import type { ReaderSubscription } from "../hub/reader-subscription.ts";
import type { LogEntry } from "../log/quote-log.ts";

/**
 * A queue with at most one quote of each subscription, the newest. Its size is bounded by the number of subscriptions.
 * Replacing a quote does not move the subscription, so that a busy symbol is sent as often as any other.
 *
 * It is a doubly linked list whose nodes are the subscriptions: adding and removing allocate nothing.
 */
export class ConflatingQueue {
  #first: ReaderSubscription | undefined;
  #last: ReaderSubscription | undefined;
  /** The subscription that was inserted last: the next search for a place starts there. */
  #inserted: ReaderSubscription | undefined;
  #size = 0;

  /** The number of queued quotes. */
  get size(): number {
    return this.#size;
  }

  /** The subscription that has been queued for the longest time. */
  get first(): ReaderSubscription | undefined {
    return this.#first;
  }

  /** The `queuedSince` of the first subscription; Infinity if the queue is empty. */
  get since(): number {
    return this.#first === undefined ? Number.POSITIVE_INFINITY : this.#first.queuedSince;
  }

  /** The quote with the lowest `seq`. Takes linear time. */
  get oldest(): LogEntry | undefined {
    let oldest = this.#first?.queuedEntry;
    for (let each = this.#first?.next; each !== undefined; each = each.next) {
      const entry = each.queuedEntry;
      if (oldest !== undefined && entry !== undefined && entry.seq < oldest.seq) oldest = entry;
    }
    return oldest;
  }

  /**
   * Adds the newest quote of the log, or replaces the queued one of the same subscription without moving it. Returns
   * whether it has replaced one. The subscription must not be in another queue.
   */
  push(subscription: ReaderSubscription, entry: LogEntry): boolean {
    const hasReplaced = subscription.queue === this;
    if (!hasReplaced) this.#link(subscription, entry.seq, this.#last);
    subscription.queuedEntry = entry;
    return hasReplaced;
  }

  /**
   * Adds a quote of a subscription that is in no queue, before the subscriptions that were queued later. Inserting many
   * quotes in the order of their `seq` takes linear time.
   */
  insert(subscription: ReaderSubscription, entry: LogEntry): void {
    let previous = this.#last;
    if (previous !== undefined && entry.seq < previous.queuedSince) {
      const hint = this.#inserted;
      previous = hint?.queue === this && hint.queuedSince < entry.seq ? hint : undefined;
      let each = previous === undefined ? this.#first : previous.next;
      for (; each !== undefined && each.queuedSince < entry.seq; each = each.next) previous = each;
    }
    this.#link(subscription, entry.seq, previous);
    this.#inserted = subscription;
    subscription.queuedEntry = entry;
  }

  /** Removes the quote of a subscription, and returns it; undefined if the subscription is not in this queue. */
  remove(subscription: ReaderSubscription): LogEntry | undefined {
    if (subscription.queue !== this) return undefined;
    const { queuedEntry } = subscription;
    this.#unlink(subscription);
    subscription.queue = undefined;
    subscription.queuedEntry = undefined;
    return queuedEntry;
  }

  clear(): void {
    while (this.#first !== undefined) this.remove(this.#first);
  }

  #link(subscription: ReaderSubscription, since: number, previous: ReaderSubscription | undefined): void {
    const next = previous === undefined ? this.#first : previous.next;
    subscription.queue = this;
    subscription.queuedSince = since;
    subscription.previous = previous;
    subscription.next = next;
    if (previous === undefined) this.#first = subscription;
    else previous.next = subscription;
    if (next === undefined) this.#last = subscription;
    else next.previous = subscription;
    this.#size++;
  }

  #unlink({ previous, next }: ReaderSubscription): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.#size--;
  }
}
