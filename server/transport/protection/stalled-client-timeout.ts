import type { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallMemory } from "./call-memory-budget.ts";
import type { Limits } from "./default-limits.ts";

// A client stalls if it takes no byte of a response for `stallTimeoutMs` although some are buffered. Only progress
// counts, not the total time: a slow client is fine, and so is a server that has nothing to send. Bytes that the kernel
// has taken count as read (docs/decisions/0021-stalled-clients.md). Three kinds of responses are watched:
//
// - a write of a stream that waits for the client: awaitDrain;
// - a stream whose few bytes fit into the buffer, so that no write waits: StalledStreams;
// - a response that other code writes through Node's interface, such as a file: watchForStall.

/** How often progress is checked within the timeout: a stall is found at most a quarter of the timeout late. */
const checksPerTimeout = 4;

/** The error of a call whose client does not read. */
function clientStalled(timeoutMs: number): ConnectError {
  const message = `the client has read nothing for ${timeoutMs / 1_000} s, the limit: call again, and read the responses`;
  return new ConnectError(message, Code.ResourceExhausted);
}

/** The error of a call whose client has disconnected, and the reason of its signal. */
export function clientDisconnected(how: string): ConnectError {
  return new ConnectError(`the client went away: ${how}`, Code.Canceled);
}

/** A write for which the client does not keep up. */
export interface BlockedWrite {
  readonly bytes: number;
  /** Holds the bytes until the client has read them. */
  readonly memory: CallMemory;
  readonly limits: Limits;
}

/** Resolves when a stream has sent what was written to it. Rejects if it closes before, or if the client stalls. */
export function awaitDrain(stream: Writable, { bytes, memory, limits }: BlockedWrite): Promise<void> {
  const { stallTimeoutMs } = limits;
  memory.hold(bytes);
  return new Promise((resolve, reject) => {
    const stop = () => {
      memory.release(bytes);
      clearTimeout(timer);
      stream.off("drain", onDrain).off("close", onClose);
    };
    const onDrain = () => {
      stop();
      resolve();
    };
    const onClose = () => {
      stop();
      reject(clientDisconnected("the connection closed while a write waited"));
    };
    const onStall = () => {
      stop();
      reject(clientStalled(stallTimeoutMs));
    };
    const timer = setTimeout(onStall, stallTimeoutMs);
    timer.unref();
    if (stream.destroyed) return onClose();
    stream.once("drain", onDrain).once("close", onClose);
  });
}

/** The response of a stream, as {@link StalledStreams} checks it. */
export interface StreamProgress {
  readonly bytesOut: number;
  /** The part of `bytesOut` that is buffered. */
  readonly unsentBytes: number;
  cancel(reason: ConnectError): void;
}

/** The state of a stream when its last progress was seen. */
interface Progress {
  readonly sentBytes: number;
  readonly atMs: number;
}

/**
 * The streams in progress. Cancels those whose client stalls: a quiet stream that sends a few bytes now and then could
 * otherwise last for hours until its buffer is full and a write waits.
 *
 * One timer serves all streams, and only those with unsent bytes take memory.
 */
export class StalledStreams<T extends StreamProgress> {
  readonly #timeoutMs: number;
  readonly #streams = new Set<T>();
  readonly #unsent = new Map<T, Progress>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(stream: T): void {
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => this.#check(performance.now()), this.#timeoutMs / checksPerTimeout).unref();
  }

  delete(stream: T): void {
    this.#unsent.delete(stream);
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#streams.values();
  }

  #check(nowMs: number): void {
    for (const stream of this.#streams) {
      const { unsentBytes, bytesOut } = stream;
      const sentBytes = bytesOut - unsentBytes;
      const progress = this.#unsent.get(stream);
      if (unsentBytes === 0) this.#unsent.delete(stream);
      else if (progress?.sentBytes !== sentBytes) this.#unsent.set(stream, { sentBytes, atMs: nowMs });
      else if (nowMs - progress.atMs >= this.#timeoutMs) stream.cancel(clientStalled(this.#timeoutMs));
    }
  }
}

/** The writable side of a response: a response of HTTP/1.1, or a stream of HTTP/2. */
export interface StallableWritable extends Pick<EventEmitter, "on" | "once"> {
  /** The bytes that are written and not passed to the network yet. */
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/** Calls `onStall` once if the client of a response stalls. Ends when the response closes. */
export function watchForStall(writable: StallableWritable, timeoutMs: number, onStall: () => void): void {
  if (writable.destroyed) return;
  let bufferedBytes = 0;
  let progressAt = performance.now();
  const onProgress = () => {
    progressAt = performance.now();
  };
  const timer = setInterval(() => {
    const { writableLength } = writable;
    if (writableLength === 0 || writableLength !== bufferedBytes) onProgress();
    bufferedBytes = writableLength;
    if (performance.now() - progressAt < timeoutMs) return;
    clearInterval(timer);
    onStall();
  }, timeoutMs / checksPerTimeout);
  timer.unref();
  // A piped source writes chunks of one size: the length alone does not show that one of them has been sent.
  writable.on("drain", onProgress);
  writable.once("close", () => clearInterval(timer));
}
