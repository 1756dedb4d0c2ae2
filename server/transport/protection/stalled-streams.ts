import { Code, ConnectError } from "@connectrpc/connect";
import type { Exchange } from "../exchange/exchange.ts";

/** How often all streams are looked at within the timeout: a stall is found at most a fourth of the timeout late. */
const looksPerTimeout = 4;

/** What a stream had sent when it was last seen to make progress. */
interface Progress {
  readonly sentBytes: number;
  readonly atMs: number;
}

/**
 * Cancels streams whose client takes no byte of what is sent to it. A write that has to wait finds that by itself; a
 * quiet stream could last for hours with a few bytes now and then, until its buffer is full.
 *
 * One timer for all streams, and memory only for those that have unsent bytes.
 */
export class StalledStreams {
  readonly #timeoutMs: number;
  readonly #streams = new Set<Exchange>();
  readonly #unsent = new Map<Exchange, Progress>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(exchange: Exchange): void {
    this.#streams.add(exchange);
    this.#timer ??= setInterval(() => this.#look(performance.now()), this.#timeoutMs / looksPerTimeout).unref();
  }

  delete(exchange: Exchange): void {
    this.#unsent.delete(exchange);
    if (!this.#streams.delete(exchange) || this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.iterator](): Iterator<Exchange> {
    return this.#streams.values();
  }

  #look(nowMs: number): void {
    for (const exchange of this.#streams) {
      const { unsentBytes, bytesOut } = exchange;
      const sentBytes = bytesOut - unsentBytes;
      const progress = this.#unsent.get(exchange);
      if (unsentBytes === 0) this.#unsent.delete(exchange);
      else if (progress?.sentBytes !== sentBytes) this.#unsent.set(exchange, { sentBytes, atMs: nowMs });
      else if (nowMs - progress.atMs >= this.#timeoutMs) exchange.cancel(stalled(this.#timeoutMs));
    }
  }
}

/** Why a call of a client that does not read ends. */
export function stalled(timeoutMs: number): ConnectError {
  const message = `the client has read nothing for ${timeoutMs / 1_000} s, the limit: call again, and read what is sent`;
  return new ConnectError(message, Code.ResourceExhausted);
}
