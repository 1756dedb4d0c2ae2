import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Connection } from "../port/client-connection.ts";
import type { CallMemory } from "../protection/call-memory-budget.ts";
import { callScheduler } from "../protection/call-scheduler.ts";
import { clientDisconnected } from "../protection/stalled-client-timeout.ts";
import { ByteQueue } from "./byte-queue.ts";

/**
 * The maximum number of bytes of a body that are buffered for a busy handler. Node buffers more, up to the window of
 * the stream.
 */
const readyBytes = 64 * 1024;

/** The maximum number of buffered chunks: Node emits all chunks that it has, up to the window, in one go. */
const readyChunks = 1_000;

/** Smaller chunks have a message or two: the clock is checked less often before they are delivered. In bytes. */
const smallChunkBytes = 1024;

/**
 * The bytes of a request, in order. Unread bytes exert back-pressure on the client.
 *
 * They count as memory of the call from their arrival until {@link release}. They are delivered only while the calls have
 * time in this turn of the event loop, because the reader then parses and handles what they complete.
 *
 * `return` leaves the stream open. Node's own iterator would destroy it, and the response with it.
 */
export class RequestBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  /** The number of bytes that have arrived. */
  bytes = 0;
  readonly #stream: Readable;
  readonly #connection: Connection;
  readonly #memory: CallMemory;
  readonly #ready = new ByteQueue();
  #readyChunks = 0;
  #pendingRead: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #end: "none" | "done" | Error = "none";
  #timer: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #isQueued = false;

  constructor(stream: Readable, connection: Connection, memory: CallMemory) {
    copyBufferedChunks(stream, () => connection.reads.countFrame());
    this.#stream = stream;
    this.#connection = connection;
    this.#memory = memory;
  }

  /** Ends the body with DEADLINE_EXCEEDED unless all of it arrives within that time from now. */
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
    const pendingRead = Promise.withResolvers<IteratorResult<Uint8Array>>();
    this.#pendingRead = pendingRead;
    if (this.#hasNext) this.#settle();
    return pendingRead.promise;
  }

  /** Stops reading. The stream stays open, and its bytes stay in it. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#finish("done");
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the body with an error after the bytes that have arrived, unless it has ended. */
  fail(error: Error): void {
    this.#finish(error);
  }

  /** Ends the body with an error at once, and drops the bytes that have arrived. */
  refuse(error: ConnectError): void {
    this.#dropReady();
    this.#end = "none";
    this.#finish(error);
  }

  /** Drops all bytes that have arrived or will, so that the stream reaches its end. */
  discard(): void {
    this.#finish("done");
    this.#dropReady();
    this.#begin();
    this.#resume();
  }

  /** Throws the error that has ended the body, if one has. */
  throwIfFailed(): void {
    if (this.#end instanceof Error) throw this.#end;
  }

  /**
   * Counts further bytes as memory of the call: the growth of a message by decompression, or the copy of a message that
   * waits to be decoded.
   */
  hold(bytes: number): void {
    this.#memory.hold(bytes);
  }

  /** Stops counting bytes as memory of the call: the reader has handled them. */
  release(bytes: number): void {
    this.#memory.release(bytes);
  }

  /** Counts the bytes that arrive before the first read. */
  countUnread(): void {
    if (!this.#hasBegun) this.#connection.unread.add(this.#stream, this.#memory);
  }

  /** Stops counting unread bytes: the stream has closed. */
  close(): void {
    this.#connection.unread.delete(this.#stream);
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#connection.unread.delete(this.#stream);
    const stream = this.#stream;
    stream.on("data", (chunk: Uint8Array) => this.#take(chunk));
    stream.on("end", () => this.#finish("done"));
    stream.on("error", (error) => this.#onClosed(error.message));
    stream.on("close", () => this.#onClosed("it sent only a part of its request"));
    // An empty request ends without a read, perhaps before the listeners were added.
    if (stream.readableEnded) this.#finish("done");
    else if (stream.destroyed) this.#onClosed("it sent only a part of its request");
  }

  #take(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    if (this.#hasEnded) return;
    this.#memory.hold(chunk.byteLength);
    if (this.#hasEnded) return; // the memory of the call has a limit
    const pendingRead = this.#pendingRead;
    const isSmall = chunk.byteLength < smallChunkBytes;
    const mayDeliver = pendingRead !== undefined && this.#ready.byteLength === 0;
    if (mayDeliver && !(isSmall ? callScheduler.sliceSeemsUsed : callScheduler.sliceUsed)) {
      this.#pendingRead = undefined;
      pendingRead.resolve({ done: false, value: chunk });
      return;
    }
    this.#ready.push(chunk);
    this.#ready.ownBytes();
    this.#readyChunks++;
    if (pendingRead !== undefined) this.#settle();
    if (this.#ready.byteLength >= readyBytes || this.#readyChunks >= readyChunks) this.#pause();
  }

  #pause(): void {
    this.#stream.pause();
    this.#connection.unread.add(this.#stream, this.#memory);
  }

  #resume(): void {
    this.#connection.unread.delete(this.#stream);
    this.#stream.resume();
  }

  get #hasEnded(): boolean {
    return this.#end !== "none";
  }

  get #hasNext(): boolean {
    return this.#ready.byteLength > 0 || this.#hasEnded;
  }

  /** Settles the pending read: now, or after the steps of other calls. */
  #settle(): void {
    if (callScheduler.sliceUsed) this.#enqueue();
    else this.#settleNow();
  }

  #enqueue(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#connection.enqueue(() => {
      this.#isQueued = false;
      this.#settleNow();
    });
  }

  #settleNow(): void {
    const pendingRead = this.#pendingRead;
    if (pendingRead === undefined || !this.#hasNext) return;
    this.#pendingRead = undefined;
    const value = this.#ready.shift();
    if (value === undefined) {
      if (typeof this.#end === "object") pendingRead.reject(this.#end);
      else pendingRead.resolve({ done: true, value });
      return;
    }
    if (this.#ready.byteLength === 0) this.#readyChunks = 0;
    if (this.#ready.byteLength === 0 && this.#end === "none" && this.#stream.isPaused()) this.#resume();
    pendingRead.resolve({ done: false, value });
  }

  #onClosed(how: string): void {
    if (this.#end === "none") this.#finish(clientDisconnected(how));
  }

  #dropReady(): void {
    this.#memory.release(this.#ready.byteLength);
    this.#ready.clear();
    this.#readyChunks = 0;
  }

  /** Ends the body, unless it has ended. */
  #finish(end: "done" | Error): void {
    if (this.#end !== "none") return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#end = end;
    if (this.#pendingRead === undefined) return;
    // An error is delivered at once: it costs little, and may end work that costs much.
    if (end === "done") this.#settle();
    else this.#settleNow();
  }
}

/** The size in bytes from which on chunks are not copied: they are a large part of the buffer that they share. */
const sharedBytes = 16 * 1024;

/** The size of the first block that chunks are copied into, in bytes. Blocks grow with the number of received bytes. */
const minBlockBytes = 64;

/**
 * Makes a stream copy the small chunks that it buffers. Node's chunks are parts of a buffer of up to 64 KiB that it has read
 * from the connection. One buffered byte would keep all of the buffer in memory, uncounted: a client could send one byte
 * that is buffered, and fill the rest with frames that are dropped. A stream that flows hands its chunks to the listener at
 * once, which keeps them in a {@link ByteQueue}.
 *
 * @param onSmallChunk called for each small chunk
 */
export function copyBufferedChunks(stream: Readable, onSmallChunk: () => void = () => {}): void {
  const push = stream.push;
  let block: Buffer | undefined;
  let used = 0;
  let received = 0;
  stream.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
    if (chunk === null || chunk.byteLength >= sharedBytes) return push.call(stream, chunk, encoding);
    const bytes = chunk.byteLength;
    onSmallChunk();
    if (stream.readableFlowing === true && stream.readableLength === 0) return push.call(stream, chunk, encoding);
    if (block === undefined || used + bytes > block.byteLength) {
      block = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(sharedBytes, Math.max(minBlockBytes, received))));
      used = 0;
    }
    received += bytes;
    block.set(chunk, used);
    used += bytes;
    return push.call(stream, block.subarray(used - bytes, used), encoding);
  };
}
