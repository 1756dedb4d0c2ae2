import type { Timers } from "../../../client/shared/timers.ts";
import { PauseMode, type Quote, type SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import {
  type DeliveryState,
  type MissedFrom,
  missedFrom,
  type PausedConflating,
  type PausedForReplay,
  type ReaderSubscription,
  type Replaying,
  type SubscriptionControl,
} from "../hub/reader-subscription.ts";
import type { LogEntry, QuoteLog } from "../log/quote-log.ts";
import { firstQuotesAfter, LogReplay } from "./log-replay.ts";
import { RateLimitTimer } from "./rate-limit-timer.ts";
import { type Backlog, SendQueue } from "./send-queue.ts";

const millisPerSecond = 1_000;

export interface ReaderDeliveryOptions {
  readonly policy: SlowReaderPolicy;
  readonly log: QuoteLog;
  readonly timers: Timers;
  /** The capacity of the queue of a lossless reader. */
  readonly maxWaiting?: number | undefined;
  /** Called when the reader can take more quotes, except after an offer. */
  readonly wake: () => void;
}

/** A quote that is in no queue, on its way to one. */
interface UnqueuedQuote {
  readonly subscription: ReaderSubscription;
  readonly entry: LogEntry;
}

// The states without data are shared: a transition to them allocates nothing.
const live: DeliveryState = { kind: "live" };
const rateLimited: DeliveryState = { kind: "rateLimited" };

/**
 * Decides when one reader can take which quote of its subscriptions. Every quote of a subscription from its start is
 * taken, replaced by a newer one and counted, or kept for the reader. The {@link DeliveryState} of the subscription
 * determines whether it is kept in the {@link SendQueue} or in the log. The quotes of one symbol are taken in their order.
 *
 * | state | new quote | pause | resume | other transitions |
 * | --- | --- | --- | --- | --- |
 * | live | ready in the send queue | paused… | | rateLimited, if the rate limit does not allow the quote yet |
 * | rateLimited | replaces the deferred one | paused… | | live, when it is due or the rate changes |
 * | pausedConflating | replaces the deferred one | | live | |
 * | pausedForReplay | stays in the log | | replaying; live if nothing was missed or the log has evicted it | |
 * | replaying | stays in the log | paused… | | live, at the end of the log |
 */
export class ReaderDelivery {
  readonly queue: SendQueue;
  readonly replay: LogReplay;
  readonly #options: ReaderDeliveryOptions;
  readonly #rateLimitTimer: RateLimitTimer;
  readonly #missed = new MissedQuotes();
  /** Whether any subscription ever had a control. If none had, an offer does not read the `control` of its subscription. */
  #hasControls = false;

  constructor(options: ReaderDeliveryOptions) {
    const { policy, log, timers, maxWaiting } = options;
    this.#options = options;
    this.queue = new SendQueue(policy, () => timers.now(), maxWaiting);
    this.replay = new LogReplay(log);
    this.#rateLimitTimer = new RateLimitTimer(timers, (due) => this.#releaseDue(due));
  }

  /** At most the `seq` of every quote that is kept for the reader; Infinity if there is none. */
  get oldestSeq(): number {
    return Math.min(this.queue.oldestSeq, this.#missed.oldestSeq, this.replay.completedSeq + 1);
  }

  /** Schedules the newest quote of the log. Returns false if the queue of a lossless reader is full. */
  offer(subscription: ReaderSubscription, entry: LogEntry): boolean {
    const control = this.#hasControls ? subscription.control : undefined;
    if (control === undefined) return this.queue.push(subscription, entry);
    const { state } = control;
    switch (state.kind) {
      case "live":
        this.#offerAtRate(subscription, control, entry);
        return true;
      case "rateLimited":
        this.queue.defer(subscription, entry);
        this.queue.conflatedCount++;
        return true;
      case "pausedConflating":
        if (this.queue.defer(subscription, entry)) state.skipped++;
        return true;
      case "pausedForReplay":
        if (state.missed === undefined) this.#missed.set(state, missedFrom(entry));
        return true;
      case "replaying":
        return true; // The replay will read it from the log.
    }
  }

  /**
   * Starts new subscriptions: live after a snapshot, or with a replay.
   *
   * @param maxRate the maximum number of quotes per second of each; 0: no limit
   * @param replayFrom the `seq` after which the replay starts: the log has all later quotes. "oldest": the replay
   *   starts with the oldest quote that the log has when it is read. Undefined: a snapshot.
   */
  start(
    subscriptions: readonly ReaderSubscription[],
    maxRate: number,
    replayFrom: number | "oldest" | undefined,
  ): void {
    if (maxRate > 0) for (const each of subscriptions) this.#controlOf(each).maxRate = maxRate;
    if (replayFrom === undefined) this.#startWithSnapshot(subscriptions);
    else if (replayFrom === "oldest") this.#startFromOldest(subscriptions);
    else this.#startAfter(subscriptions, replayFrom);
  }

  /** Ends subscriptions, and drops the quotes that are kept for them. */
  end(subscriptions: readonly ReaderSubscription[]): void {
    this.#withdraw(subscriptions);
    for (const each of subscriptions) {
      const state = each.control?.state;
      if (state?.kind === "pausedForReplay") this.#missed.remove(state);
      if (state?.kind === "replaying") this.replay.remove(each);
    }
  }

  /** Pauses subscriptions. Those that are paused keep their mode. */
  pause(subscriptions: readonly ReaderSubscription[], mode: PauseMode): void {
    const running = subscriptions.filter((each) => !isPaused(each.control?.state));
    const queued = this.#withdraw(running);
    const unread = this.replay.withdraw(running);
    const deferred: UnqueuedQuote[] = [];
    for (const each of running) {
      const backlog = queued.get(each) ?? unread.get(each);
      if (mode === PauseMode.REPLAY) this.#pauseForReplay(each, backlog?.first);
      else {
        this.#pauseConflating(each, backlog === undefined ? 0 : backlog.count - 1);
        add(deferred, each, backlog?.newest);
      }
    }
    for (const { subscription, entry } of inLogOrder(deferred)) this.queue.insertDeferred(subscription, entry);
  }

  /** Resumes subscriptions. Returns for each how many quotes of its pause are skipped. */
  resume(subscriptions: readonly ReaderSubscription[]): Map<ReaderSubscription, number> {
    const released: UnqueuedQuote[] = [];
    const skipped = new Map(subscriptions.map((each) => [each, this.#resumeOne(each, released)]));
    this.#schedule(released);
    return skipped;
  }

  /** Limits the quotes per second of subscriptions; 0: no limit. A paused one is limited after its pause. */
  setRate(subscriptions: readonly ReaderSubscription[], maxRate: number): void {
    // A rate-limited subscription conflates, even for a lossless reader.
    const conflated = maxRate > 0 ? this.queue.conflateLossless(subscriptions) : undefined;
    const released: UnqueuedQuote[] = [];
    for (const each of subscriptions) {
      const control = this.#controlOf(each);
      control.maxRate = maxRate;
      if (control.state.kind === "rateLimited") this.#rateLimitTimer.remove(each);
      else if (control.state.kind !== "live") continue;
      this.#goLive(each, control);
      add(released, each, conflated?.get(each) ?? this.queue.takeDeferred(each));
    }
    this.#schedule(released);
  }

  /** Takes up to `max` quotes of the replay. Subscriptions that have reached the end of the log are live on return. */
  takeReplay(max: number): Quote[] {
    const page = this.replay.read(max);
    this.queue.conflatedCount += page.evicted;
    for (const each of page.caughtUp) this.#goLive(each, this.#controlOf(each));
    return page.quotes;
  }

  clear(): void {
    this.queue.clear();
    this.replay.clear();
    this.#rateLimitTimer.clear();
    this.#missed.clear();
  }

  #startWithSnapshot(subscriptions: readonly ReaderSubscription[]): void {
    const newest: UnqueuedQuote[] = [];
    for (const each of subscriptions) add(newest, each, each.listing.newest);
    for (const { subscription, entry } of inLogOrder(newest)) this.queue.insertSnapshot(subscription, entry);
    this.#options.wake();
  }

  #startFromOldest(subscriptions: readonly ReaderSubscription[]): void {
    const afterSeq = this.#options.log.oldestSeq - 1;
    for (const each of subscriptions) {
      if (newestSeqOf(each) > afterSeq) this.#startReplay(each, undefined, afterSeq);
    }
  }

  #startAfter(subscriptions: readonly ReaderSubscription[], afterSeq: number): void {
    const unfinished = subscriptions.filter((each) => newestSeqOf(each) > afterSeq);
    const bySymbol = new Map(unfinished.map((each) => [each.symbol, each]));
    for (const [symbol, first] of firstQuotesAfter(this.#options.log, bySymbol.keys(), afterSeq)) {
      const subscription = bySymbol.get(symbol);
      if (subscription !== undefined) this.#startReplay(subscription, first.instrumentSeq - 1n, afterSeq);
    }
  }

  /** Offers a quote to a live subscription with a rate limit. */
  #offerAtRate(subscription: ReaderSubscription, control: SubscriptionControl, entry: LogEntry): void {
    const dueAt = nextDueAt(control);
    if (this.queue.canConflate(subscription) || dueAt <= this.#options.timers.now()) {
      this.queue.conflate(subscription, entry);
    } else {
      this.queue.defer(subscription, entry);
      this.#limitRate(subscription, control, dueAt);
    }
  }

  /** Makes the deferred quotes of subscriptions ready whose rate limit allows them now. */
  #releaseDue(due: readonly ReaderSubscription[]): void {
    const released: UnqueuedQuote[] = [];
    for (const each of due) {
      this.#goLive(each, this.#controlOf(each));
      add(released, each, this.queue.takeDeferred(each));
    }
    this.#schedule(released);
  }

  /** Schedules quotes of live subscriptions of which no other quote is queued. */
  #schedule(quotes: readonly UnqueuedQuote[]): void {
    if (quotes.length === 0) return;
    const now = this.#options.timers.now();
    for (const { subscription, entry } of inLogOrder(quotes)) {
      const { control } = subscription;
      const dueAt = control === undefined ? now : nextDueAt(control);
      if (control === undefined || dueAt <= now) this.queue.insertReady(subscription, entry);
      else {
        this.queue.insertDeferred(subscription, entry);
        this.#limitRate(subscription, control, dueAt);
      }
    }
    this.#options.wake();
  }

  /** Returns the number of skipped quotes. Adds the quote to schedule, if any, to `released`. */
  #resumeOne(subscription: ReaderSubscription, released: UnqueuedQuote[]): number {
    const { control } = subscription;
    if (control === undefined) return 0;
    const { state } = control;
    switch (state.kind) {
      case "live":
      case "rateLimited":
      case "replaying":
        return 0;
      case "pausedConflating":
        this.#goLive(subscription, control);
        add(released, subscription, this.queue.takeDeferred(subscription));
        return state.skipped;
      case "pausedForReplay":
        return this.#resumeReplay(subscription, control, state, released);
    }
  }

  #resumeReplay(
    subscription: ReaderSubscription,
    control: SubscriptionControl,
    state: PausedForReplay,
    released: UnqueuedQuote[],
  ): number {
    const { missed } = state;
    this.#missed.remove(state);
    if (missed === undefined) {
      this.#goLive(subscription, control);
      return 0;
    }
    if (missed.seq >= this.#options.log.oldestSeq) {
      this.#startReplay(subscription, missed.instrumentSeq - 1n, missed.seq - 1);
      this.#options.wake();
      return 0;
    }
    const { newest } = subscription.listing;
    this.#goLive(subscription, control);
    add(released, subscription, newest);
    return Number((newest?.quote.instrumentSeq ?? 0n) - missed.instrumentSeq);
  }

  /** Removes the quotes of subscriptions from the queue, and their deferred ones from the rate limit. */
  #withdraw(subscriptions: readonly ReaderSubscription[]): Map<ReaderSubscription, Backlog> {
    for (const each of subscriptions) {
      if (each.control?.state.kind === "rateLimited") this.#rateLimitTimer.remove(each);
    }
    return this.queue.withdraw(subscriptions);
  }

  #goLive(subscription: ReaderSubscription, control: SubscriptionControl): void {
    control.state = live;
    if (control.maxRate === 0) subscription.control = undefined;
  }

  #limitRate(subscription: ReaderSubscription, control: SubscriptionControl, dueAt: number): void {
    control.state = rateLimited;
    this.#rateLimitTimer.add(subscription, dueAt);
  }

  #pauseConflating(subscription: ReaderSubscription, skipped: number): void {
    const state: PausedConflating = { kind: "pausedConflating", skipped };
    this.#controlOf(subscription).state = state;
  }

  #pauseForReplay(subscription: ReaderSubscription, missed: MissedFrom | undefined): void {
    const state: PausedForReplay = { kind: "pausedForReplay", missed: undefined };
    this.#controlOf(subscription).state = state;
    if (missed !== undefined) this.#missed.set(state, missed);
  }

  #startReplay(subscription: ReaderSubscription, delivered: bigint | undefined, afterSeq: number): void {
    const state: Replaying = { kind: "replaying", subscription, delivered };
    this.#controlOf(subscription).state = state;
    this.replay.add(state, afterSeq);
  }

  #controlOf(subscription: ReaderSubscription): SubscriptionControl {
    this.#hasControls = true;
    subscription.control ??= {
      state: live,
      maxRate: 0,
      lastSentAt: Number.NEGATIVE_INFINITY,
      dueAt: 0,
      heapIndex: 0,
    };
    return subscription.control;
  }
}

/** The states that miss quotes, and the lowest `seq` of all missed quotes, which the cursor must not pass. */
class MissedQuotes {
  readonly #states = new Set<PausedForReplay>();
  /** Undefined: not computed since the lowest one was removed. */
  #oldestSeq: number | undefined = Number.POSITIVE_INFINITY;

  set(state: PausedForReplay, missed: MissedFrom): void {
    state.missed = missed;
    this.#states.add(state);
    if (this.#oldestSeq !== undefined) this.#oldestSeq = Math.min(this.#oldestSeq, missed.seq);
  }

  remove(state: PausedForReplay): void {
    if (this.#states.delete(state) && state.missed?.seq === this.#oldestSeq) this.#oldestSeq = undefined;
  }

  clear(): void {
    this.#states.clear();
    this.#oldestSeq = undefined;
  }

  /** Infinity if no quote was missed. */
  get oldestSeq(): number {
    this.#oldestSeq ??= this.#states
      .values()
      .reduce((oldest, { missed }) => Math.min(oldest, missed?.seq ?? oldest), Number.POSITIVE_INFINITY);
    return this.#oldestSeq;
  }
}

function isPaused(state: DeliveryState | undefined): boolean {
  return state?.kind === "pausedConflating" || state?.kind === "pausedForReplay";
}

/** Returns when the rate limit allows the next quote. */
function nextDueAt({ maxRate, lastSentAt }: SubscriptionControl): number {
  return maxRate === 0 ? Number.NEGATIVE_INFINITY : lastSentAt + millisPerSecond / maxRate;
}

function newestSeqOf({ listing }: ReaderSubscription): number {
  return listing.newest?.seq ?? 0;
}

function add(quotes: UnqueuedQuote[], subscription: ReaderSubscription, entry: LogEntry | undefined): void {
  if (entry !== undefined) quotes.push({ subscription, entry });
}

/** In this order a queue inserts many quotes in linear time. */
function inLogOrder(quotes: readonly UnqueuedQuote[]): UnqueuedQuote[] {
  return quotes.toSorted((a, b) => a.entry.seq - b.entry.seq);
}
