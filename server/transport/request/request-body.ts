import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { clientGone } from "../exchange/exchange-parts.ts";
import type { Session } from "../port/session.ts";
import type { CallMemory } from "../protection/call-memory.ts";
import { callScheduler } from "../protection/call-scheduler.ts";
import { ChunkQueue } from "./chunk-queue.ts";

/** How much of a body is kept ready for a handler that is busy. More only fills memory: the window is larger. */
const readyBytes = 64 * 1024;

/** The most chunks of it, however small: Node hands over all that it has, up to the window, before anything else. */
const readyChunks = 1_000;

/**
 * The bytes of a request, in their order. Not reading them holds the client back.
 *
 * They count as memory of the call from their arrival until {@link release}, and are handed over only while there is
 * time in this turn of the event loop: what they are part of is then parsed and handled, which takes longer.
 *
 * Giving up half-way leaves the stream open: Node's own iterator would destroy it, and the response with it.
 */
export class RequestBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  /** How many bytes have come so far. */
  bytes = 0;
  readonly #stream: Readable;
  readonly #session: Session;
  readonly #memory: CallMemory;
  readonly #ready = new ChunkQueue();
  #readyChunks = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #end: "none" | "done" | Error = "none";
  #timer: NodeJS.Timeout | undefined;
  #begun = false;
  #isQueued = false;

  constructor(stream: Readable, session: Session, memory: CallMemory) {
    this.#stream = stream;
    this.#session = session;
    this.#memory = memory;
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
    const waiting = Promise.withResolvers<IteratorResult<Uint8Array>>();
    this.#waiting = waiting;
    if (this.#hasNext) this.#settle();
    return waiting.promise;
  }

  /** Gives up reading. The stream stays open, and what waits in it stays there. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#finish("done");
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends with an error after what has come, unless it has ended already. */
  fail(error: Error): void {
    this.#finish(error);
  }

  /** Ends with an error at once, and drops what has come. */
  refuse(error: ConnectError): void {
    this.#dropReady();
    this.#end = "none";
    this.#finish(error);
  }

  /** Throws away what is left and what is still to come, so that the stream can come to its end. */
  discard(): void {
    this.#finish("done");
    this.#dropReady();
    this.#begin();
    this.#resume();
  }

  /** That many of the bytes that were read are handled: they no longer count as memory of the call. */
  release(bytes: number): void {
    this.#memory.release(bytes);
  }

  /** Counts what arrives although nobody reads it yet. */
  countUnread(): void {
    if (!this.#begun) this.#session.unread.add(this.#stream, this.#memory);
  }

  /** What is left of it counts no more: the stream has closed. */
  close(): void {
    this.#session.unread.delete(this.#stream);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#session.unread.delete(this.#stream);
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
    this.#ready.push(chunk);
    this.#readyChunks++;
    this.#memory.hold(chunk.byteLength);
    if (this.#waiting !== undefined) this.#settle();
    if (this.#ready.byteLength >= readyBytes || this.#readyChunks >= readyChunks) this.#pause();
  }

  #pause(): void {
    this.#stream.pause();
    this.#session.unread.add(this.#stream, this.#memory);
  }

  #resume(): void {
    this.#session.unread.delete(this.#stream);
    this.#stream.resume();
  }

  get #hasNext(): boolean {
    return this.#ready.byteLength > 0 || this.#end !== "none";
  }

  /** Hands over to the reader that waits: now, or when its call has its turn. */
  #settle(): void {
    if (callScheduler.sliceUsed) this.#enqueue();
    else this.#handOver();
  }

  #enqueue(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#session.enqueue(() => {
      this.#isQueued = false;
      this.#handOver();
    });
  }

  #handOver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || !this.#hasNext) return;
    this.#waiting = undefined;
    const value = this.#ready.shift();
    if (value === undefined) {
      if (typeof this.#end === "object") waiting.reject(this.#end);
      else waiting.resolve({ done: true, value });
      return;
    }
    if (this.#ready.byteLength === 0) this.#readyChunks = 0;
    if (this.#ready.byteLength === 0 && this.#end === "none" && this.#stream.isPaused()) this.#resume();
    waiting.resolve({ done: false, value });
  }

  #cutShort(how: string): void {
    if (this.#end === "none") this.#finish(clientGone(how));
  }

  #dropReady(): void {
    this.#memory.release(this.#ready.byteLength);
    this.#ready.clear();
    this.#readyChunks = 0;
  }

  /** The first end counts. */
  #finish(end: "done" | Error): void {
    if (this.#end !== "none") return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#end = end;
    if (this.#waiting === undefined) return;
    // An error need not wait: it costs little, and ends what may be costly.
    if (end === "done") this.#settle();
    else this.#handOver();
  }
}
