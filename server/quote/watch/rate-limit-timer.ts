import type { Timers } from "../../../client/shared/timers.ts";
import type { ReaderSubscription } from "../hub/reader-subscription.ts";

/**
 * Releases the subscriptions of one reader whose newest quote is deferred by a rate limit when they are due, with one
 * timer for all of them.
 *
 * It is a binary heap, the earliest due time on top: if many subscriptions are due at once, a sorted list is too slow.
 * Each subscription stores its own due time and index (`control.dueAt`, `control.heapIndex`).
 */
export class RateLimitTimer {
  readonly #timers: Timers;
  readonly #release: (due: readonly ReaderSubscription[]) => void;
  readonly #heap: ReaderSubscription[] = [];
  #timer: { readonly at: number; readonly stop: () => void } | undefined;

  /** @param release receives the subscriptions that are due together, in no order, after they were removed */
  constructor(timers: Timers, release: (due: readonly ReaderSubscription[]) => void) {
    this.#timers = timers;
    this.#release = release;
  }

  /** Adds a subscription, which must have a control and must not be in the heap. It is released at `dueAt`. */
  add(subscription: ReaderSubscription, dueAt: number): void {
    if (subscription.control === undefined) return;
    subscription.control.dueAt = dueAt;
    this.#siftUp(subscription, this.#heap.length);
    this.#startTimer();
  }

  /** Removes a subscription, which must be in the heap. */
  remove(subscription: ReaderSubscription): void {
    if (subscription.control === undefined) return;
    this.#removeAt(subscription.control.heapIndex, subscription);
    this.#startTimer();
  }

  clear(): void {
    this.#heap.length = 0;
    this.#startTimer();
  }

  #removeAt(index: number, subscription: ReaderSubscription): void {
    const last = this.#heap.pop();
    if (last === undefined || last === subscription) return;
    const parent = this.#heap[(index - 1) >> 1];
    if (index > 0 && parent !== undefined && dueAtOf(last) < dueAtOf(parent)) this.#siftUp(last, index);
    else this.#siftDown(last, index);
  }

  /** Puts a subscription at an index, or at that of an ancestor (closer to the root of the heap). */
  #siftUp(subscription: ReaderSubscription, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || dueAtOf(parent) <= dueAtOf(subscription)) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(subscription, index);
  }

  /** Puts a subscription at an index, or at that of a descendant. */
  #siftDown(subscription: ReaderSubscription, from: number): void {
    let index = from;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const below = dueAtOf(this.#heap[right]) < dueAtOf(this.#heap[left]) ? right : left;
      const child = this.#heap[below];
      if (child === undefined || dueAtOf(subscription) <= dueAtOf(child)) break;
      this.#put(child, index);
      index = below;
    }
    this.#put(subscription, index);
  }

  #put(subscription: ReaderSubscription, index: number): void {
    this.#heap[index] = subscription;
    if (subscription.control !== undefined) subscription.control.heapIndex = index;
  }

  /** Starts the timer for the top of the heap. Lets a timer run that fires too early: restarting it often is slower. */
  #startTimer(): void {
    const next = this.#heap[0]?.control?.dueAt;
    if (this.#timer !== undefined && next !== undefined && this.#timer.at <= next) return;
    this.#timer?.stop();
    this.#timer = undefined;
    if (next === undefined) return;
    const millis = Math.max(0, Math.ceil(next - this.#timers.now()));
    this.#timer = { at: next, stop: this.#timers.after(millis, this.#onTimer) };
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const now = this.#timers.now();
    const due: ReaderSubscription[] = [];
    for (;;) {
      const subscription = this.#heap[0];
      if (subscription === undefined || dueAtOf(subscription) > now) break;
      this.#removeAt(0, subscription);
      due.push(subscription);
    }
    this.#release(due);
    this.#startTimer();
  };
}

/** Infinity for an index beyond the heap. */
function dueAtOf(subscription: ReaderSubscription | undefined): number {
  return subscription?.control?.dueAt ?? Number.POSITIVE_INFINITY;
}
