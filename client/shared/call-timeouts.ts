import { Code, ConnectError } from "@connectrpc/connect";
import type { Timers } from "./timers.ts";

/**
 * How long a server may take to respond to a call, in milliseconds. Equal to the server's default `requestTimeoutMs`.
 */
export const responseTimeoutMs = 60_000;

/**
 * The timeout of a stream: expires if the peer is silent for too long while it is expected to send. Uses one timer,
 * however often the peer sends.
 */
export class IdleTimeout implements Disposable {
  readonly #timers: Timers;
  readonly #limitMs: number;
  readonly #onExpire: () => void;
  #startedAt: number | undefined;
  #cancelTimer: () => void;

  /** Calls `onExpire` once, when `limitMs` have passed since a `start` without a `stop`. */
  constructor(timers: Timers, limitMs: number, onExpire: () => void) {
    this.#timers = timers;
    this.#limitMs = limitMs;
    this.#onExpire = onExpire;
    this.#cancelTimer = timers.after(limitMs, this.#check);
  }

  /** The peer is expected to send from now on. */
  start(): void {
    this.#startedAt = this.#timers.now();
  }

  /** The peer has sent. It is not expected to send until the next `start`, for example because nothing reads. */
  stop(): void {
    this.#startedAt = undefined;
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
  }

  readonly #check = (): void => {
    const now = this.#timers.now();
    const remainingMs = (this.#startedAt ?? now) + this.#limitMs - now;
    if (remainingMs <= 0) this.#onExpire();
    else this.#cancelTimer = this.#timers.after(remainingMs, this.#check);
  };
}

/**
 * Makes a unary call with a deadline of {@link responseTimeoutMs}. Without one, a call on a connection that was lost
 * silently would never end. Rejects with UNAVAILABLE after the deadline.
 *
 * @param call gets the signal that it must obey
 */
export async function withResponseTimeout<T>(
  { timers, signal }: { readonly timers: Timers; readonly signal: AbortSignal },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = new AbortController();
  const cancel = timers.after(responseTimeoutMs, () =>
    deadline.abort(new ConnectError(`no response within ${responseTimeoutMs / 1000} s`, Code.Unavailable)),
  );
  try {
    return await call(AbortSignal.any([signal, deadline.signal]));
  } catch (reason) {
    throw deadline.signal.aborted ? deadline.signal.reason : reason;
  } finally {
    cancel();
  }
}
