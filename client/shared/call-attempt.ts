import { Code, ConnectError } from "@connectrpc/connect";
import type { CallRetryOptions } from "./call-retry-tracker.ts";
import { IdleTimeout, responseTimeoutMs } from "./call-timeouts.ts";
import { systemTimers } from "./timers.ts";

/** One attempt at a streaming call. It fails if the server is silent for too long. Disposing of it cancels the call. */
export class CallAttempt implements Disposable {
  /** The signal of the call: aborts with the whole call, and at the end of the attempt. */
  readonly signal: AbortSignal;
  /** Expires while a response is due. {@link read} stops it. */
  readonly idleTimeout: IdleTimeout;
  readonly #end = new AbortController();
  #failure: unknown;

  constructor({ signal, timers = systemTimers, idleTimeoutMs = responseTimeoutMs }: CallRetryOptions<never>) {
    this.signal = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
    this.idleTimeout = new IdleTimeout(timers, idleTimeoutMs, () =>
      this.fail(new ConnectError(`no response for ${idleTimeoutMs / 1000} s`, Code.Unavailable)),
    );
  }

  /** Cancels the call. {@link read} and {@link reasonOf} then report the reason; only the first one counts. */
  fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#end.abort(reason);
  }

  /** Why the attempt failed: the reason that was passed to {@link fail}, or else the error of the call. */
  reasonOf(error: unknown): unknown {
    return this.#failure ?? error;
  }

  /** Reads the next response, and stops the idle timeout. Returns why the attempt failed, if it did. Never rejects. */
  async read<T>(responses: AsyncIterator<T>): Promise<IteratorResult<T> | ConnectError> {
    try {
      const result = await responses.next();
      return this.#failure === undefined ? result : ConnectError.from(this.#failure);
    } catch (error) {
      return ConnectError.from(this.reasonOf(error));
    } finally {
      this.idleTimeout.stop();
    }
  }

  [Symbol.dispose](): void {
    this.idleTimeout[Symbol.dispose]();
    this.#end.abort();
  }
}
