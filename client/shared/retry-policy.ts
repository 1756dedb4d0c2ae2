import { Code, ConnectError } from "@connectrpc/connect";
import type { Timers } from "./timers.ts";

/** Whether the same call may succeed later, without a change to the request. */
export function isRetryable(reason: unknown): boolean {
  switch (ConnectError.from(reason).code) {
    case Code.InvalidArgument:
    case Code.Unauthenticated:
    case Code.PermissionDenied:
    case Code.NotFound:
    case Code.AlreadyExists:
    case Code.FailedPrecondition:
    case Code.OutOfRange:
    case Code.Unimplemented:
      return false;
    default:
      return true;
  }
}

/** The longest delay before the first retry, in milliseconds: a short break ends soon. */
const firstDelayMs = 500;

/** The longest delay before any retry, in milliseconds: a client reconnects this soon after a server restarts. */
const maxDelayMs = 10_000;

/**
 * The delay before a retry, in milliseconds: exponential back-off with full jitter. It is random between 0 and a limit,
 * which is 0.5 s after the first failure and doubles with each further one, up to 10 s. So the clients of a server that
 * restarts do not reconnect at the same moment.
 *
 * @param failures how many attempts have failed in a row, from 1
 * @param random a number from 0 to below 1
 */
export function backOffMs(failures: number, random: number): number {
  return Math.round(Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 30)) * random);
}

/** Counts the failures of a call in a row, and waits between its attempts. */
export class BackOff {
  readonly #timers: Timers;
  readonly #random: () => number;
  #failures = 0;
  #endWait: () => void = () => {};

  /** @param random numbers from 0 to below 1 */
  constructor(timers: Timers, random: () => number) {
    this.#timers = timers;
    this.#random = random;
  }

  /** How many attempts have failed since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure. Returns the delay before the next attempt, in milliseconds. */
  fail(): number {
    return backOffMs(++this.#failures, this.#random());
  }

  /** Notes a success: the delays start again with the shortest. */
  reset(): void {
    this.#failures = 0;
  }

  /** Resolves after `delayMs` milliseconds, or earlier if `skip` is called or the signal aborts. Never rejects. */
  async wait(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#timers.after(delayMs, resolve);
    this.#endWait = resolve;
    signal?.addEventListener("abort", this.skip);
    await promise;
    cancel();
    signal?.removeEventListener("abort", this.skip);
  }

  /** Ends the current wait, if there is one: the next attempt starts now. */
  readonly skip = (): void => this.#endWait();
}
