import { Code, ConnectError } from "@connectrpc/connect";
import { BackOff, isRetryable } from "./retry-policy.ts";
import { systemTimers, type Timers } from "./timers.ts";

/**
 * The state of a call that is made again when it fails.
 *
 * @typeParam Progress the states of a call that works
 */
export type CallState<Progress extends string = "live"> =
  /** `connecting`: an attempt has started, and the server has not responded. Otherwise the call works. */
  { readonly kind: "connecting" | Progress } | RetryingState;

/** An attempt has failed. The next one starts after a delay. */
export interface RetryingState {
  readonly kind: "retrying";
  /** How many attempts have failed in a row. */
  readonly failures: number;
  readonly delayMs: number;
  /** Why the attempt failed. */
  readonly reason: ConnectError;
}

/** How a long call reconnects, and what it reports. */
export interface CallRetryOptions<Progress extends string = "live"> {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Receives each state when it changes. */
  readonly onState?: (state: CallState<Progress>) => void;
  /**
   * The retry policy: whether to make another attempt after an error and a number of failures in a row, from 1.
   * Default: without a limit, if {@link isRetryable} accepts the error.
   */
  readonly retry?: (reason: ConnectError, failures: number) => boolean;
  /** The idle timeout while a response is due, in milliseconds. Then the attempt fails. Default: 60,000. */
  readonly idleTimeoutMs?: number;
  /** Default: the timers of the platform. */
  readonly timers?: Timers;
  /** Numbers from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
}

/**
 * Tracks the attempts of a long call that reconnects: the state of the call, its retry policy, and the back-off between
 * attempts. The caller makes the attempts:
 *
 *     for (;;) {
 *       call.begin();
 *       const result = await attempt(); // calls `succeed` and `report` at each response
 *       if (result === "complete") return;
 *       await call.waitToRetry(result);
 *     }
 */
export class CallRetryTracker<Progress extends string = "live"> {
  readonly #options: CallRetryOptions<Progress>;
  readonly #backOff: BackOff;
  #state: CallState<Progress>["kind"] | undefined;

  constructor(options: CallRetryOptions<Progress>) {
    this.#options = options;
    this.#backOff = new BackOff(options.timers ?? systemTimers, options.random ?? Math.random);
  }

  /** The current state. Undefined before the first attempt. */
  get state(): CallState<Progress>["kind"] | undefined {
    return this.#state;
  }

  /** Reports that an attempt starts. */
  begin(): void {
    this.#setState({ kind: "connecting" });
  }

  /** Reports that the attempt works. Resets the count of failures. */
  succeed(): void {
    this.#backOff.reset();
  }

  /** Reports the state of an attempt. Does nothing if it is the current state. */
  report(kind: "connecting" | Progress): void {
    if (this.#state !== kind) this.#setState({ kind });
  }

  /**
   * Counts a failure, and waits for the next attempt. Throws the reason if the retry policy allows none, and CANCELED if
   * the signal aborts.
   */
  async waitToRetry(reason: ConnectError): Promise<void> {
    const { signal, retry = isRetryable } = this.#options;
    if (signal?.aborted || !retry(reason, this.#backOff.failures + 1)) throw reason;
    const delayMs = this.#backOff.fail();
    const waiting = this.#backOff.wait(delayMs, signal);
    this.#setState({ kind: "retrying", failures: this.#backOff.failures, delayMs, reason });
    await waiting;
    if (signal?.aborted) throw new ConnectError("the call was cancelled", Code.Canceled);
  }

  /** Ends the current wait for the next attempt, if there is one. */
  readonly retryNow = (): void => this.#backOff.skip();

  #setState(state: CallState<Progress>): void {
    this.#state = state.kind;
    this.#options.onState?.(state);
  }
}
