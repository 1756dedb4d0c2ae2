import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { clientGone } from "./exchange-parts.ts";

/** How much of a body is kept ready for a handler that is busy. More only fills memory: the window is larger. */
const readyBytes = 64 * 1024;

/**
 * The bytes of a request, in the chunks in which they came. Not reading them holds the client back.
 *
 * Giving up half-way leaves the stream open: Node's own iterator would destroy it, and the response with it.
 */
export class RequestBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  /** How many bytes have come so far. */
  bytes = 0;
  readonly #stream: Readable;
  readonly #ready: Uint8Array[] = [];
  #readyBytes = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #end: "none" | "done" | Error = "none";
  #timer: NodeJS.Timeout | undefined;
  #begun = false;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  /** Fails with DEADLINE_EXCEEDED where not all of it has come within that time from now. */
  expectWithin(timeoutMs: number): void {
    this.#timer = setTimeout(() => {
      const message = `the request did not arrive within ${timeoutMs / 1_000} s: send it faster, or in smaller parts`;
      this.#finish(new ConnectError(message, Code.DeadlineExceeded));
    }, timeoutMs);
    this.#timer.unref();
    this.#begin();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    this.#begin();
    const value = this.#ready.shift();
    if (value !== undefined) {
      this.#readyBytes -= value.byteLength;
      if (this.#ready.length === 0 && this.#end === "none") this.#stream.resume();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end === "done") return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== "none") return Promise.reject(this.#end);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** Gives up reading. The stream stays open, and what waits in it stays there. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#finish("done");
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends with an error, also a read that is waiting, unless it has ended already. */
  fail(error: Error): void {
    this.#finish(error);
  }

  /** Throws away what is left and what is still to come, so that the stream can come to its end. */
  discard(): void {
    this.#finish("done");
    this.#begin();
    this.#stream.resume();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const stream = this.#stream;
    stream.on("data", (chunk: Uint8Array) => this.#take(chunk));
    stream.once("end", () => this.#finish("done"));
    stream.once("error", (error) => this.#cutShort(error.message));
    stream.once("close", () => this.#cutShort("it sent only a part of its request"));
    // An empty request comes to its end without having been read, perhaps before anybody listens.
    if (stream.readableEnded) this.#finish("done");
    else if (stream.destroyed) this.#cutShort("it sent only a part of its request");
  }

  #take(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    if (this.#end !== "none") return;
    if (this.#waiting !== undefined) {
      this.#waiting.resolve({ done: false, value: chunk });
      this.#waiting = undefined;
      return;
    }
    this.#ready.push(chunk);
    this.#readyBytes += chunk.byteLength;
    if (this.#readyBytes >= readyBytes) this.#stream.pause();
  }

  #cutShort(how: string): void {
    if (this.#end === "none") this.#finish(clientGone(how));
  }

  /** The first end counts. */
  #finish(end: "done" | Error): void {
    if (this.#end !== "none") return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#end = end;
    if (end === "done") this.#waiting?.resolve({ done: true, value: undefined });
    else this.#waiting?.reject(end);
    this.#waiting = undefined;
  }
}
