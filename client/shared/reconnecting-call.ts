import { Code, ConnectError } from "@connectrpc/connect";
import { backOffMs, isRetryable } from "./retry-policy.ts";
import { delay, systemTimers, type Timers } from "./timers.ts";

/** Where a long call is that is made again when it breaks. */
export type CallState =
  /** A call is under way that has not been answered. */
  | { readonly kind: "connecting" }
  /** Answers come. */
  | { readonly kind: "live" }
  /** The call was lost, for the reason given; the next attempt begins in so many milliseconds. */
  | {
      readonly kind: "retrying";
      readonly failures: number;
      readonly delayMs: number;
      readonly reason: ConnectError;
    };

export interface ReconnectingCallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Takes each state, once whenever it changes. */
  readonly onState?: (state: CallState) => void;
  /**
   * Whether to try again, by how many attempts have failed in a row, from 1 on. Default: for as long as it takes, where
   * another attempt may mend it.
   */
  readonly retry?: (reason: ConnectError, failures: number) => boolean;
  /** How long an answer that is due may take, in milliseconds, before the call counts as lost. Default: 60,000. */
  readonly silenceMs?: number;
  /** Default: the platform's. */
  readonly timers?: Timers;
  /** Numbers from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
}

/** Long enough for a busy server, and for one that looks through all it has to find the next item. */
export const defaultSilenceMs = 60_000;

/** Keeps count of the attempts at one long call, and waits between them. */
export class ReconnectingCall {
  readonly #options: ReconnectingCallOptions;
  readonly #timers: Timers;
  #state: CallState["kind"] | undefined;
  #failures = 0;

  constructor(options: ReconnectingCallOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** An attempt begins. */
  begin(): void {
    this.#tell({ kind: "connecting" });
  }

  /** Something came: what failed before counts no more. */
  succeed(): void {
    this.#failures = 0;
    if (this.#state !== "live") this.#tell({ kind: "live" });
  }

  /** Waits for the time of the next attempt. Throws the reason where there is to be none, or the signal aborts. */
  async fail(reason: ConnectError): Promise<void> {
    const { signal, random = Math.random, retry = isRetryable } = this.#options;
    if (signal?.aborted || !retry(reason, ++this.#failures)) throw reason;
    const delayMs = backOffMs(this.#failures, random());
    const over = delay(this.#timers, delayMs, signal ?? new AbortController().signal).catch(() => {
      throw new ConnectError("the call was ended", Code.Canceled);
    });
    this.#tell({ kind: "retrying", failures: this.#failures, delayMs, reason });
    await over;
  }

  #tell(state: CallState): void {
    this.#state = state.kind;
    this.#options.onState?.(state);
  }
}
