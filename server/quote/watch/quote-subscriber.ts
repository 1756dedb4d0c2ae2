import type { Timers } from "../../../client/shared/timers.ts";
import type { PauseMode, Quote, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { DomainError } from "../../shared/domain-error.ts";
import type { LimitError } from "../../transport/protection/limit-error.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { type Listing, ReaderSubscription, type SubscriptionOwner } from "../hub/reader-subscription.ts";
import type { LogEntry, QuoteLog } from "../log/quote-log.ts";
import { ReplayOverrunError, slowReaderError } from "../quote-errors.ts";
import { maxWaitingQuotes } from "./lossless-queue.ts";
import { ReaderDelivery } from "./reader-delivery.ts";

/** The hub of a subscriber. */
export interface SubscribedHub {
  readonly log: QuoteLog;
  readonly timers: Timers;
  /** The capacity of the queue of a lossless subscriber. */
  readonly maxWaiting?: number | undefined;
  /** Returns how many more subscriptions a client may have. */
  subscriptionsLeft(peer: Peer): number;
  /** Adds a number, which may be negative, to the subscriptions of a client. */
  countSubscriptions(change: number, peer: Peer): void;
  removeSubscriber(subscriber: QuoteSubscriber): void;
}

type State =
  | { readonly kind: "open" }
  | { readonly kind: "failed"; readonly seq: number; readonly error: DomainError | LimitError }
  | { readonly kind: "closed"; readonly seq: number };

/**
 * One reader of the hub, with a subscription for each of its instruments. The hub offers quotes, the reader takes them.
 * Disposing of it removes it from the hub.
 */
export class QuoteSubscriber implements SubscriptionOwner, Disposable {
  /** The client of the reader. */
  readonly peer: Peer;
  readonly #hub: SubscribedHub;
  readonly #delivery: ReaderDelivery;
  readonly #subscriptions = new Map<string, ReaderSubscription>();
  #endWait: (() => void) | undefined;
  #state: State = { kind: "open" };
  #seq: number;

  /** @param seq the position in the log after which the reader starts; 0 if it starts with a snapshot */
  constructor(hub: SubscribedHub, policy: SlowReaderPolicy, seq: number, peer?: Peer) {
    const { log, timers, maxWaiting } = hub;
    this.peer = peer;
    this.#hub = hub;
    this.#seq = seq;
    this.#delivery = new ReaderDelivery({ policy, log, timers, maxWaiting, wake: () => this.wake() });
  }

  /** The number of quotes that the reader can take. Does not count deferred quotes, nor those of a replay. */
  get queued(): number {
    return this.#delivery.queue.size;
  }

  /** The number of quotes that a newer one has replaced, or that a replay has lost; does not count those of pauses. */
  get conflated(): number {
    return this.#delivery.queue.conflatedCount;
  }

  /** The arrival time of the oldest quote that the reader can take; undefined if there is none. */
  get oldestArrival(): number | undefined {
    return this.#delivery.queue.oldestArrival;
  }

  /** Whether quotes of a snapshot are queued. */
  get hasSnapshot(): boolean {
    return this.#delivery.queue.hasSnapshot;
  }

  /** Whether a replay runs: {@link takeReplay} may return quotes although none is queued. */
  get isReplaying(): boolean {
    return this.#delivery.replay.isRunning;
  }

  /** The number of further subscriptions that the client may have, with all its subscribers. */
  get subscriptionsLeft(): number {
    return this.#hub.subscriptionsLeft(this.peer);
  }

  /** By symbol, in the order in which they started. */
  get subscriptions(): ReadonlyMap<string, ReaderSubscription> {
    return this.#subscriptions;
  }

  /**
   * The cursor: all quotes of the subscriptions up to this `seq` were taken, evicted before a replay had read them, or
   * replaced by quotes that were taken or have a higher `seq`. Never decreases; a subscription that starts later counts from its snapshot on.
   */
  get seq(): number {
    if (this.#state.kind !== "open") return this.#state.seq;
    this.#seq = Math.max(this.#seq, Math.min(this.#hub.log.newestSeq, this.#delivery.oldestSeq - 1));
    return this.#seq;
  }

  /** Whether it receives quotes: it has not failed, and was not disposed of. */
  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  /** Throws a LimitError or a {@link ReplayOverrunError} if the reader was too slow. */
  throwIfFailed(): void {
    if (this.#state.kind === "failed") throw this.#state.error;
  }

  /** Takes up to `max` live quotes, those queued longest, in the order of the log. Throws if the reader was too slow. */
  take(max: number): Quote[] {
    this.throwIfFailed();
    return this.#delivery.queue.take(max);
  }

  /** Takes up to `max` quotes of a snapshot, in the order of the log. Throws if the reader was too slow. */
  takeSnapshot(max: number): Quote[] {
    this.throwIfFailed();
    return this.#delivery.queue.takeSnapshot(max);
  }

  /**
   * Takes up to `max` quotes of a replay. Subscriptions that have reached the end of the log are live on return. Throws if
   * the reader was too slow.
   */
  takeReplay(max: number): Quote[] {
    const { queue, replay } = this.#delivery;
    if (queue.isLossless && replay.isOverrun) this.#fail(new ReplayOverrunError());
    this.throwIfFailed();
    return this.#delivery.takeReplay(max);
  }

  /**
   * Resolves when quotes can be taken, when the subscriber has failed or is closed, and on {@link wake}; never rejects.
   * Only one call may be pending.
   */
  wait(): Promise<void> {
    if (this.#state.kind !== "open" || this.queued > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#endWait = resolve;
    });
  }

  /** Resolves the pending {@link wait}. Has no effect if none is pending: a reader checks its condition before it waits. */
  wake(): void {
    const endWait = this.#endWait;
    this.#endWait = undefined;
    endWait?.();
  }

  /** Schedules a quote of the log. Only the hub calls it. */
  offer(subscription: ReaderSubscription, entry: LogEntry): void {
    if (this.#state.kind !== "open") return;
    if (!this.#delivery.offer(subscription, entry)) {
      this.#fail(slowReaderError(this.#hub.maxWaiting ?? maxWaitingQuotes));
    }
    this.wake();
  }

  /**
   * Starts subscriptions of instruments that it does not subscribe to: with a snapshot, or with a replay. Does nothing
   * if it is not open.
   *
   * @param maxRate the maximum number of quotes per second of each; 0: no limit
   * @param replayFrom the `seq` after which the replay starts: the log has all later quotes. "oldest": the replay
   *   starts with the oldest quote that the log has when it is read. Default: a snapshot.
   */
  subscribe(listings: readonly Listing[], maxRate: number, replayFrom?: number | "oldest"): void {
    if (!this.isOpen) return;
    const subscriptions = listings.map((listing) => new ReaderSubscription(this, listing));
    for (const each of subscriptions) this.#subscriptions.set(each.symbol, each);
    this.#hub.countSubscriptions(subscriptions.length, this.peer);
    this.#delivery.start(subscriptions, maxRate, replayFrom);
  }

  /** Ends subscriptions, and drops their queued quotes. */
  unsubscribe(subscriptions: readonly ReaderSubscription[]): void {
    this.#delivery.end(subscriptions);
    this.#detach(subscriptions);
  }

  /** Pauses subscriptions. Those that are paused keep their mode. */
  pause(subscriptions: readonly ReaderSubscription[], mode: PauseMode): void {
    this.#delivery.pause(subscriptions, mode);
  }

  /** Resumes subscriptions. Returns for each how many quotes of its pause are skipped. */
  resume(subscriptions: readonly ReaderSubscription[]): ReadonlyMap<ReaderSubscription, number> {
    return this.#delivery.resume(subscriptions);
  }

  /** Limits the quotes per second of subscriptions; 0: no limit. */
  setRate(subscriptions: readonly ReaderSubscription[], maxRate: number): void {
    this.#delivery.setRate(subscriptions, maxRate);
  }

  [Symbol.dispose](): void {
    if (this.#state.kind === "open") this.#end({ kind: "closed", seq: this.seq });
    this.wake();
  }

  #fail(error: DomainError | LimitError): void {
    if (this.#state.kind === "open") this.#end({ kind: "failed", seq: this.seq, error });
  }

  #end(state: State): void {
    this.#state = state;
    this.#delivery.clear();
    this.#detach([...this.#subscriptions.values()]);
    this.#hub.removeSubscriber(this);
  }

  #detach(subscriptions: readonly ReaderSubscription[]): void {
    for (const each of subscriptions) {
      this.#subscriptions.delete(each.symbol);
      each.detach();
    }
    this.#hub.countSubscriptions(-subscriptions.length, this.peer);
  }
}
