import { ConnectError } from "@connectrpc/connect";
import type { QuotesWatch } from "../../../../client/quote/watch-quotes.ts";
import type { WatchState, WatchUpdate } from "../../../../client/quote/watch-update.ts";
import { BackOff, isRetryable } from "../../../../client/shared/retry-policy.ts";
import { systemTimers, type Timers } from "../../../../client/shared/timers.ts";
import { errorSentence } from "../../shared/error-sentence.ts";

/** Where the page's one stream of quotes is. */
export type StreamState =
  /** There is nothing to watch, or the page is not open. */
  | { readonly kind: "idle" }
  | Exclude<WatchState, { kind: "retrying" }>
  /** The stream was lost and is tried again at `retryAt`, in milliseconds of the timers' clock. */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: string }
  /** The server will not serve this however often it is asked. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The user has ended it. */
  | { readonly kind: "stopped" };

/** What a stream needs from outside. */
export interface QuoteStreamOptions {
  /** Makes ready for a watch. Called again, after a while, where it rejects with what may pass. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Begins a watch. */
  open(signal: AbortSignal, onState: (state: WatchState) => void): QuotesWatch;
  /** Takes what it yields. */
  onUpdate(update: WatchUpdate): void;
  /** Takes the error with which a stream of it ended. */
  onLost(error: ConnectError): void;
  /** A number from 0 to below 1. */
  random(): number;
  /** Default: the platform's. */
  timers?: Timers;
}

/** Keeps one watch running, from when it is told to start until it is told to stop, and tells how it is. */
export class QuoteStream {
  readonly #options: QuoteStreamOptions;
  readonly #timers: Timers;
  readonly #listeners = new Set<() => void>();
  #state: StreamState = { kind: "idle" };
  #run: AbortController | undefined;
  #watch: QuotesWatch | undefined;
  readonly #backOff: BackOff;

  constructor(options: QuoteStreamOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#backOff = new BackOff(this.#timers, () => options.random());
  }

  /** The state now: the same object until it changes. */
  readonly state = (): StreamState => this.#state;

  /** The watch that runs. Undefined where none does. */
  get watch(): QuotesWatch | undefined {
    return this.#watch;
  }

  /** Calls the listener after each change of the state; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Begins, unless it has begun. */
  start(): void {
    if (this.#run !== undefined) return;
    this.#run = new AbortController();
    void this.#go(this.#run.signal);
  }

  /** Ends because the user says so. */
  stop(): void {
    this.#end({ kind: "stopped" });
  }

  /** Ends because nothing is left to watch, or the page closes. */
  close(): void {
    this.#end({ kind: "idle" });
  }

  /** Cuts the wait for the next attempt short. */
  retry(): void {
    this.#backOff.skip();
    this.#watch?.retry();
  }

  #end(state: StreamState): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#watch = undefined;
    this.#backOff.skip();
    this.#show(state);
  }

  #show(state: StreamState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  async #go(signal: AbortSignal): Promise<void> {
    try {
      await this.#prepare(signal);
      if (signal.aborted) return;
      const watch = this.#options.open(signal, (state) => signal.aborted || this.#follow(state));
      this.#watch = watch;
      for await (const update of watch) {
        if (signal.aborted) return;
        this.#options.onUpdate(update);
      }
    } catch (reason) {
      if (signal.aborted) return;
      this.#options.onLost(ConnectError.from(reason));
      this.#end({ kind: "refused", reason: errorSentence(reason) });
    }
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    this.#backOff.reset();
    while (!signal.aborted) {
      this.#show({ kind: "connecting" });
      try {
        return await this.#options.prepare(signal);
      } catch (reason) {
        if (signal.aborted) return;
        if (!isRetryable(reason)) throw reason;
        const delayMs = this.#backOff.fail();
        const waiting = this.#backOff.wait(delayMs, signal);
        this.#show({ kind: "waiting", retryAt: this.#timers.now() + delayMs, reason: errorSentence(reason) });
        await waiting;
      }
    }
  }

  #follow(state: WatchState): void {
    if (state.kind !== "retrying") {
      this.#show(state);
      return;
    }
    this.#options.onLost(state.reason);
    this.#show({ kind: "waiting", retryAt: this.#timers.now() + state.delayMs, reason: errorSentence(state.reason) });
  }
}
