import type { Timers } from "../../../client/shared/timers.ts";
import type { PauseMode, Quote, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { DomainError } from "../../shared/domain-error.ts";
import type { LimitError } from "../../transport/protection/limit-error.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import { type Listing, type SubscriptionOwner, SymbolSubscription } from "../hub/symbol-subscription.ts";
import type { LogEntry, QuoteLog } from "../log/quote-log.ts";
import { ReplayOverrunError, slowReaderError } from "../quote-errors.ts";
import { maxWaitingQuotes } from "./lossless-queue.ts";
import { QuoteDelivery } from "./quote-delivery.ts";

/** What a subscriber needs of the hub that it reads. */
export interface SubscribedHub {
  readonly log: QuoteLog;
  readonly timers: Timers;
  /** How many quotes may wait where none may be skipped. */
  readonly maxWaiting?: number | undefined;
  /** How many more subscriptions a client may have. */
  subscriptionsLeft(peer: Peer): number;
  /** Counts subscriptions of a client that begin, or with a negative number end. */
  countSubscriptions(change: number, peer: Peer): void;
  /** Takes the subscriber off the hub. */
  leave(subscriber: QuoteSubscriber): void;
}

type State =
  | { readonly kind: "open" }
  | { readonly kind: "failed"; readonly seq: number; readonly error: DomainError | LimitError }
  | { readonly kind: "closed"; readonly seq: number };

/**
 * One reader of the log, with a line for each instrument that it subscribes to. Quotes come in by `offer` and wait
 * until the reader takes them. Dispose of it to leave the hub.
 */
export class QuoteSubscriber implements SubscriptionOwner, Disposable {
  /** The client that it is for. */
  readonly peer: Peer;
  readonly #hub: SubscribedHub;
  readonly #delivery: QuoteDelivery;
  readonly #lines = new Map<string, SymbolSubscription>();
  #endWait: (() => void) | undefined;
  #state: State = { kind: "open" };
  #seq: number;

  /** @param seq a place in the log: its lines are owed nothing at or before it that they do not get as a snapshot */
  constructor(hub: SubscribedHub, policy: SlowReaderPolicy, seq: number, peer?: Peer) {
    const { log, timers, maxWaiting } = hub;
    this.peer = peer;
    this.#hub = hub;
    this.#seq = seq;
    this.#delivery = new QuoteDelivery({ policy, log, timers, maxWaiting, wake: () => this.wake() });
  }

  /** How many quotes wait to be taken. What pauses and rates hold back, and what a replay has yet to read, do not. */
  get queued(): number {
    return this.#delivery.waiting.size;
  }

  /** How many quotes gave way to newer ones, those of pauses not counted. */
  get conflated(): number {
    return this.#delivery.waiting.conflated;
  }

  /** When the oldest of the quotes that wait to be taken came in; absent where none waits. */
  get oldestArrival(): number | undefined {
    return this.#delivery.waiting.oldestArrival;
  }

  /** Whether quotes of a snapshot wait. */
  get hasSnapshot(): boolean {
    return this.#delivery.waiting.hasSnapshot;
  }

  /** Whether a replay runs: there may be more to take although nothing waits. */
  get replaying(): boolean {
    return this.#delivery.replay.running;
  }

  /** How many more subscriptions its client may have, with all its subscribers. */
  get subscriptionsLeft(): number {
    return this.#hub.subscriptionsLeft(this.peer);
  }

  /** The lines by their symbols, in the order in which they began. */
  get lines(): ReadonlyMap<string, SymbolSubscription> {
    return this.#lines;
  }

  /**
   * The place in the log up to which all that the lines are owed was taken, or gave way to something that was taken or
   * stands behind the place. Never moves back: a line that begins later counts from its snapshot on.
   */
  get seq(): number {
    if (this.#state.kind !== "open") return this.#state.seq;
    this.#seq = Math.max(this.#seq, Math.min(this.#hub.log.newestSeq, this.#delivery.oldestSeq - 1));
    return this.#seq;
  }

  /** Whether it still takes quotes: it has not failed, and was not disposed of. */
  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  /** Throws a LimitError or a {@link ReplayOverrunError} once the reader was too slow. */
  check(): void {
    if (this.#state.kind === "failed") throw this.#state.error;
  }

  /** Takes up to `max` live quotes, in the order of the log as far as none was held back; none where none waits. */
  take(max: number): Quote[] {
    this.check();
    return this.#delivery.waiting.take(max);
  }

  /** Takes up to `max` quotes of a snapshot. */
  takeSnapshot(max: number): Quote[] {
    this.check();
    return this.#delivery.waiting.takeSnapshot(max);
  }

  /** Takes up to `max` quotes of a replay. Where it has come to its end, its lines are live when this returns. */
  takeReplay(max: number): Quote[] {
    const { waiting, replay } = this.#delivery;
    if (waiting.lossless && replay.overrun) this.#fail(new ReplayOverrunError());
    this.check();
    return this.#delivery.takeReplay(max, (symbol) => this.#lines.get(symbol));
  }

  /**
   * Resolves when quotes may be taken, when the subscriber has failed or is closed, and on `wake`; never rejects. One
   * reader may wait at a time.
   */
  wait(): Promise<void> {
    if (this.#state.kind !== "open" || this.queued > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#endWait = resolve;
    });
  }

  /** Ends the reader's wait. Forgotten where nobody waits: a reader looks at what it waits for before it waits. */
  wake(): void {
    const endWait = this.#endWait;
    this.#endWait = undefined;
    endWait?.();
  }

  /** Takes in a quote of the log. For the hub only. */
  offer(line: SymbolSubscription, entry: LogEntry): void {
    if (this.#state.kind !== "open") return;
    if (!this.#delivery.offer(line, entry)) this.#fail(slowReaderError(this.#hub.maxWaiting ?? maxWaitingQuotes));
    this.wake();
  }

  /**
   * Begins lines of instruments that it does not subscribe to, each with a snapshot, or all with a replay. Does nothing
   * where it is not open.
   *
   * @param maxRate the most quotes a second of each; 0: no limit
   * @param replayFrom a place behind which the log holds everything, or the oldest that it holds when it is read
   */
  subscribe(listings: readonly Listing[], maxRate: number, replayFrom?: number | "oldest"): void {
    if (!this.isOpen) return;
    const lines = listings.map((listing) => {
      const line = new SymbolSubscription(this, listing);
      if (maxRate > 0) this.#delivery.controlOf(line).maxRate = maxRate;
      this.#lines.set(line.symbol, line);
      return line;
    });
    this.#hub.countSubscriptions(lines.length, this.peer);
    if (replayFrom === undefined) this.#delivery.begin(lines);
    else if (replayFrom === "oldest") this.#delivery.beginFromOldest(lines);
    else this.#delivery.beginFrom(lines, replayFrom);
  }

  /** Ends lines, and drops what waits of them. */
  unsubscribe(lines: readonly SymbolSubscription[]): void {
    this.#delivery.end(lines);
    this.#detach(lines);
  }

  /** Holds the quotes of lines back; one that is paused keeps its mode. */
  pause(lines: readonly SymbolSubscription[], mode: PauseMode): void {
    this.#delivery.pause(lines, mode);
  }

  /** Lets the quotes of lines come again. Returns how many of the pause are skipped of each. */
  resume(lines: readonly SymbolSubscription[]): ReadonlyMap<SymbolSubscription, number> {
    return this.#delivery.resume(lines);
  }

  /** Limits how many quotes a second come of some lines; 0: no limit. */
  setRate(lines: readonly SymbolSubscription[], maxRate: number): void {
    this.#delivery.setRate(lines, maxRate);
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
    this.#detach([...this.#lines.values()]);
    this.#hub.leave(this);
  }

  #detach(lines: readonly SymbolSubscription[]): void {
    for (const line of lines) {
      this.#lines.delete(line.symbol);
      line.detach();
    }
    this.#hub.countSubscriptions(-lines.length, this.peer);
  }
}
