import type { Quote } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { SlowReaderError } from "../errors.ts";
import type { MicroClock } from "./micro-time.ts";
import type { LogEntry, QuoteQueue } from "./quote-queue.ts";

/** What a subscriber needs of the log that it reads. */
export interface SubscribedLog {
  /** The sequence number of the newest quote of the log, 0 where it is empty. */
  newestSeq(): bigint;
  readonly now: MicroClock;
  /** Takes the subscriber off the log: no quote is offered to it any more. */
  leave(subscriber: QuoteSubscriber): void;
}

type State =
  | { readonly kind: "open" }
  | { readonly kind: "failed"; readonly seq: bigint; readonly error: SlowReaderError }
  | { readonly kind: "closed"; readonly seq: bigint };

/**
 * One reader of the log. Quotes come in by `offer` and wait in a bounded queue until the reader takes them. Within a
 * symbol nothing older ever follows newer. Dispose of it to leave the log.
 */
export class QuoteSubscriber implements Disposable {
  readonly #log: SubscribedLog;
  readonly #queue: QuoteQueue;
  #endWait: (() => void) | undefined;
  #state: State = { kind: "open" };

  constructor(log: SubscribedLog, queue: QuoteQueue) {
    this.#log = log;
    this.#queue = queue;
  }

  /** How many quotes wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /** How many quotes were skipped for newer ones. */
  get conflated(): number {
    return this.#queue.conflated;
  }

  /** How long the oldest of the waiting quotes has waited, in microseconds; 0 where none waits. */
  get lagMicros(): number {
    const oldest = this.#queue.oldest;
    return oldest === undefined ? 0 : Math.max(0, this.#log.now() - oldest.arrivedAt);
  }

  /** The place in the log up to which every quote of the subscription was taken or conflated. Never moves back. */
  get seq(): bigint {
    if (this.#state.kind !== "open") return this.#state.seq;
    const oldest = this.#queue.oldest;
    return oldest === undefined ? this.#log.newestSeq() : oldest.quote.seq - 1n;
  }

  /**
   * Takes up to `max` waiting quotes, in the order of the log; none where none waits. Throws a
   * {@link SlowReaderError} once more quotes waited than the queue may hold.
   */
  take(max: number): Quote[] {
    if (this.#state.kind === "failed") throw this.#state.error;
    return this.#queue.take(max);
  }

  /**
   * Resolves when quotes wait, when the subscriber has failed or is closed, and on `wake`; never rejects. One reader
   * may wait at a time.
   */
  wait(): Promise<void> {
    if (this.#state.kind !== "open" || this.#queue.size > 0) return Promise.resolve();
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

  /** Takes in a quote of the log. For the log only. */
  offer(slot: number, entry: LogEntry): void {
    if (this.#state.kind !== "open") return;
    if (!this.#queue.push(slot, entry)) {
      this.#end({ kind: "failed", seq: this.seq, error: new SlowReaderError(this.#queue.size) });
    }
    this.wake();
  }

  [Symbol.dispose](): void {
    if (this.#state.kind === "open") this.#end({ kind: "closed", seq: this.seq });
    this.wake();
  }

  #end(state: State): void {
    this.#state = state;
    this.#queue.clear();
    this.#log.leave(this);
  }
}
