import { ConnectError } from "@connectrpc/connect";
import type { QuotesWatch } from "../../../../client/quote/watch-quotes.ts";
import type { WatchState, WatchUpdate } from "../../../../client/quote/watch-update.ts";
import { BackOff, isRetryable } from "../../../../client/shared/retry-policy.ts";
import { systemTimers, type Timers } from "../../../../client/shared/timers.ts";
import { describeError } from "../../shared/describe-error.ts";

/** The state of the page's stream of quotes. */
export type StreamState =
  /** The watchlist is empty, or the page is closed. */
  | { readonly kind: "idle" }
  | Exclude<WatchState, { kind: "retrying" }>
  /** The stream was lost. The next attempt starts at `retryAt`, in milliseconds of the timers' clock. */
  | { readonly kind: "reconnecting"; readonly retryAt: number; readonly reason: string }
  /** The server refused the stream with an error that is not retryable. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The user stopped the stream. */
  | { readonly kind: "stopped" };

export interface QuoteStreamOptions {
  /** Prepares a watch. It is called again after a delay if it rejects with a retryable error. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Starts a watch. */
  open(signal: AbortSignal, onState: (state: WatchState) => void): QuotesWatch;
  /** Receives the updates of the watch. */
  onUpdate(update: WatchUpdate): void;
  /** Receives the error of each failed stream. */
  onLost(error: ConnectError): void;
  /** Returns a number from 0 to below 1. */
  random(): number;
  /** Default: the platform's. */
  timers?: Timers;
}

/** Runs one watch from `start` until `stop` or `close`, and reports its state. */
export class QuoteStream {
  readonly #options: QuoteStreamOptions;
  readonly #timers: Timers;
  readonly #listeners = new Set<() => void>();
  readonly #backOff: BackOff;
  #state: StreamState = { kind: "idle" };
  #run: AbortController | undefined;
  #watch: QuotesWatch | undefined;

  constructor(options: QuoteStreamOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#backOff = new BackOff(this.#timers, () => options.random());
  }

  /** Returns the state: the same object until it changes. */
  readonly state = (): StreamState => this.#state;

  /** The running watch, if any. */
  get watch(): QuotesWatch | undefined {
    return this.#watch;
  }

  /** Adds a listener for changes of the state. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Starts the stream. Does nothing if it is started already. */
  start(): void {
    if (this.#run !== undefined) return;
    this.#run = new AbortController();
    void this.#watchQuotes(this.#run.signal);
  }

  /** Ends the stream on request of the user. */
  stop(): void {
    this.#end({ kind: "stopped" });
  }

  /** Ends the stream because the watchlist is empty or the page is closed. */
  close(): void {
    this.#end({ kind: "idle" });
  }

  /** Ends the wait for the next attempt, if there is one. */
  retry(): void {
    this.#backOff.skip();
    this.#watch?.retry();
  }

  #end(state: StreamState): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#watch = undefined;
    this.#backOff.skip();
    this.#set(state);
  }

  #set(state: StreamState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  async #watchQuotes(signal: AbortSignal): Promise<void> {
    try {
      await this.#prepare(signal);
      if (signal.aborted) return;
      const watch = this.#options.open(signal, (state) => signal.aborted || this.#onWatchState(state));
      this.#watch = watch;
      for await (const update of watch) {
        if (signal.aborted) return;
        this.#options.onUpdate(update);
      }
    } catch (reason) {
      if (signal.aborted) return;
      this.#options.onLost(ConnectError.from(reason));
      this.#end({ kind: "refused", reason: describeError(reason) });
    }
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    this.#backOff.reset();
    while (!signal.aborted) {
      this.#set({ kind: "connecting" });
      try {
        return await this.#options.prepare(signal);
      } catch (reason) {
        if (signal.aborted) return;
        if (!isRetryable(reason)) throw reason;
        const delayMs = this.#backOff.fail();
        const delay = this.#backOff.wait(delayMs, signal); // starts before listeners run, which can call `retry`
        this.#setReconnecting(reason, delayMs);
        await delay;
      }
    }
  }

  #onWatchState(state: WatchState): void {
    if (state.kind !== "retrying") {
      this.#set(state);
      return;
    }
    this.#options.onLost(state.reason);
    this.#setReconnecting(state.reason, state.delayMs);
  }

  #setReconnecting(reason: unknown, delayMs: number): void {
    this.#set({ kind: "reconnecting", retryAt: this.#timers.now() + delayMs, reason: describeError(reason) });
  }
}
