import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, compressedFlag } from "@connectrpc/connect/protocol";
import { ByteSink } from "../encoding/byte-sink.ts";
import { type MessageEncoder, messageEncoder } from "../encoding/message-encoder.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { callScheduler } from "../protection/call-scheduler.ts";
import { takeRestOfBatch } from "../rpc/yield-batch.ts";

// How a message gets from a handler to the socket:
//
// 1. ResponsePump asks the handler for the next message, and takes the rest of its batch in a loop.
// 2. EnvelopeWriter.append encodes it after the others in a slab, memory that all streams share.
// 3. EnvelopeWriter.flush hands the slices of the slab to Exchange.write: at 64 KiB, or when no code that could append
//    another message is ready to run.
// 4. If the client does not keep up, Exchange.write returns a promise. It is EnvelopeWriter.blocked until it is
//    fulfilled, and the pump requests no message from the handler until then. This is the back-pressure on the handler.
// 5. After 16 messages or 16 KiB the pump checks whether the call has used up its time, and if so queues after others.

/**
 * How long a handler may continue after its signal has fired, in milliseconds. Then its call is answered without it.
 */
export const handlerGraceMs = 1_000;

/** The number of messages that are sent between two checks of the clock. A check costs as much as a small message. */
const messagesBetweenChecks = 16;
const bytesBetweenChecks = 16 * 1024;

/** Options of a {@link ResponsePump}. */
export interface PumpOptions {
  /** Yields messages, or plain objects that `create` accepts. */
  readonly source: AsyncIterator<object>;
  readonly schema: DescMessage;
  readonly writer: EnvelopeWriter;
  readonly signal: AbortSignal;
  /** Called before each message is written. */
  readonly onMessage: () => void;
  /** Runs a step after the steps of other calls that are queued. */
  readonly enqueue: (step: () => void) => void;
}

/**
 * Pumps the messages of a handler to the client, at the speed of the slower of the two. Callbacks take the place of
 * `await`: most messages are ready, and a stream costs one promise for each message.
 */
export class ResponsePump {
  readonly #options: PumpOptions;
  readonly #finished = Promise.withResolvers<void>();
  /** The number of messages since the last check of the clock. */
  #messages = 0;
  #bytes = 0;
  /** The rest of the batch whose first message the handler has yielded. */
  #batch: ReturnType<typeof takeRestOfBatch>;
  #state: "running" | "ended" = "running";
  #grace: NodeJS.Timeout | undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /**
   * Resolves at the end of the source, when everything is written. Rejects with the error of the source, with the error
   * of a message that cannot be sent, with the error of a write if the client disconnects or stalls during it, or with the
   * reason of the signal if the handler ignores it. Unless the source has ended, its `return` is called so that the handler
   * cleans up.
   */
  run(): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
    this.#pull();
    return this.#finished.promise;
  }

  readonly #pull = (): void => {
    if (this.#state === "ended") return;
    if (this.#batch !== undefined) this.#pullFromBatch();
    else this.#options.source.next().then(this.#onResult, this.#onSourceError);
  };

  readonly #onResult = (result: IteratorResult<object>): void => {
    if (this.#state === "ended") return;
    if (result.done === true) {
      this.#end();
      return;
    }
    const { value } = result;
    if (!this.#append(value)) return;
    this.#batch = takeRestOfBatch(value);
    this.#continue();
  };

  /** Pulls the next message: now, or when the client keeps up again, or after the steps of other calls. */
  #continue(): void {
    const { blocked } = this.#options.writer;
    if (blocked !== undefined) blocked.then(() => this.#continue(), this.#onWriteError);
    else if (this.#isCheckDue && this.#shouldYield()) this.#options.enqueue(this.#pull);
    else this.#pull();
  }

  get #isCheckDue(): boolean {
    return this.#messages >= messagesBetweenChecks || this.#bytes >= bytesBetweenChecks;
  }

  #shouldYield(): boolean {
    this.#messages = 0;
    this.#bytes = 0;
    return callScheduler.sliceUsed;
  }

  #pullFromBatch(): void {
    const { writer } = this.#options;
    while (this.#batch !== undefined) {
      const { value, done } = this.#batch.next();
      if (done === true) this.#batch = undefined;
      else if (!this.#append(value)) return;
      if (writer.blocked !== undefined || this.#isCheckDue) break;
    }
    this.#continue();
  }

  /** Appends a message to the writer. Returns false if that has ended the pump with an error. */
  #append(value: object): boolean {
    const { schema, writer, onMessage } = this.#options;
    try {
      this.#messages++;
      onMessage();
      const isMessage = (value as Partial<Message>).$typeName === schema.typeName;
      this.#bytes += writer.append(isMessage ? (value as Message) : create(schema, value as Message));
      return true;
    } catch (error) {
      this.#onWriteError(error);
      return false;
    }
  }

  readonly #onSourceError = (error: unknown): void => {
    this.#options.writer.flush();
    this.#fail(error);
  };

  readonly #onWriteError = (error: unknown): void => {
    if (this.#state === "ended") return;
    this.#options.writer.flush();
    this.#fail(error);
    this.#options.source.return?.().catch(() => {});
  };

  readonly #onAbort = (): void => {
    const { signal, source } = this.#options;
    this.#grace = setTimeout(() => {
      this.#fail(signal.reason);
      source.return?.().catch(() => {});
    }, handlerGraceMs).unref();
  };

  #end(): void {
    this.#options.writer.flush();
    const { blocked } = this.#options.writer;
    if (blocked !== undefined) {
      blocked.then(() => this.#end(), this.#onWriteError);
      return;
    }
    this.#stop();
    this.#finished.resolve();
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#finished.reject(error);
  }

  #stop(): void {
    this.#state = "ended";
    clearTimeout(this.#grace);
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }
}

/**
 * The number of bytes that are collected before they are written. Larger writes gained nothing in the export benchmark.
 */
const maxPendingBytes = 64 * 1024;

/**
 * The size of a slab, in bytes. All streams encode into it, one message after the other. Bytes that are written to a
 * socket stay in it.
 */
const slabBytes = 2 * maxPendingBytes;

/**
 * The minimum free space of a slab, in bytes. A slab with less is replaced: most messages fit, and a message that does
 * not fit is copied into a larger slab.
 */
const minFreeBytes = 2 * 1024;

/**
 * The size of the prefix of an envelope, in bytes: a flag and a length.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
const prefixBytes = 5;

const slab = new ByteSink(slabBytes);

/** Options of an {@link EnvelopeWriter}. */
export interface EnvelopeOptions {
  readonly schema: DescMessage;
  readonly writeMaxBytes: number;
  /** The negotiated compression. Messages of `compressMinBytes` and more are compressed. */
  readonly compression?: Compression;
  readonly compressMinBytes: number;
  /** Called before the first message is added, to send the headers. */
  readonly beforeFirst: () => void;
}

/**
 * Encodes messages into envelopes, and writes many of them at once.
 *
 * `append` collects, `flush` writes. While `blocked` is a promise, the client does not keep up or a message is
 * compressed: append nothing until it is fulfilled. It rejects if the client disconnects or stalls.
 */
export class EnvelopeWriter {
  /** The writers that have something to flush. They share one callback: a thousand streams may be among them. */
  static #dueWriters: EnvelopeWriter[] = [];
  /** Pending while the client does not keep up or a message is compressed. */
  blocked: Promise<void> | undefined;
  readonly #exchange: Exchange;
  readonly #options: EnvelopeOptions;
  readonly #encode: MessageEncoder;
  #pendingBytes = 0;
  /** The slices before the newest one. */
  #slices: Uint8Array[] | undefined;
  /** The newest slice: it grows while no other stream appends to the slab. */
  #buffer: Buffer | undefined;
  #start = 0;
  #end = 0;
  #isFlushDue = false;
  #hasBegun = false;

  constructor(exchange: Exchange, options: EnvelopeOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#encode = messageEncoder(options.schema);
  }

  /**
   * Adds a message. Writes at {@link maxPendingBytes}, else after all code that is ready to run. Returns the size of the
   * envelope before compression, in bytes. Throws a ConnectError if the message cannot be sent. Messages
   * that were added before it are kept.
   */
  append(message: Message): number {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#options.beforeFirst();
    }
    const start = encodeEnvelope(message, this.#encode, this.#options.writeMaxBytes);
    const size = slab.position - start;
    const { compression, compressMinBytes } = this.#options;
    if (compression !== undefined && size - prefixBytes >= compressMinBytes) {
      const plain = Buffer.from(slab.buffer.subarray(start + prefixBytes, slab.position));
      slab.position = start;
      this.#block(compression.compress(plain).then((compressed) => this.#appendCompressed(compressed)));
      return size;
    }
    this.#collect(start);
    if (this.#pendingBytes >= maxPendingBytes) this.flush();
    else this.#scheduleFlush();
    return size;
  }

  /** Writes what was collected. */
  flush(): void {
    if (this.#pendingBytes === 0) return;
    const slices = this.#takeSlices();
    this.#pendingBytes = 0;
    if (this.#exchange.disconnected) return;
    const drained = this.#exchange.write(slices);
    if (drained !== undefined) this.#block(drained);
  }

  #collect(start: number): void {
    const end = slab.position;
    this.#pendingBytes += end - start;
    if (this.#buffer === slab.buffer && this.#end === start) {
      this.#end = end;
      return;
    }
    if (this.#buffer !== undefined) this.#slices = this.#takeSlices();
    this.#buffer = slab.buffer;
    this.#start = start;
    this.#end = end;
  }

  /** Usually there is one slice: then an array of one element is all that is allocated. */
  #takeSlices(): Uint8Array[] {
    const slices = this.#slices;
    const newest = this.#buffer?.subarray(this.#start, this.#end);
    this.#slices = undefined;
    this.#buffer = undefined;
    if (newest === undefined) return slices ?? [];
    if (slices === undefined) return [newest];
    slices.push(newest);
    return slices;
  }

  #appendCompressed(compressed: Uint8Array): void {
    const prefix = Buffer.alloc(prefixBytes);
    prefix[0] = compressedFlag;
    prefix.writeUInt32BE(compressed.byteLength, 1);
    this.#slices = [...this.#takeSlices(), prefix, compressed];
    this.#pendingBytes += prefixBytes + compressed.byteLength;
    this.flush();
  }

  #block(until: Promise<void>): void {
    const blocked: Promise<void> = until.then(() => {
      // A flush after the compression may have set another promise.
      if (this.blocked === blocked) this.blocked = undefined;
    });
    this.blocked = blocked;
    // The pump handles the rejection when it continues. Until then it must not count as unhandled.
    blocked.catch(() => {});
  }

  /**
   * Flushes after all code that is ready to run, but in the same turn of the event loop. A source with further messages
   * appends them before, and a single answer is not delayed.
   */
  #scheduleFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    if (EnvelopeWriter.#dueWriters.push(this) === 1) process.nextTick(EnvelopeWriter.#flushDueWriters);
  }

  static #flushDueWriters(): void {
    const due = EnvelopeWriter.#dueWriters;
    EnvelopeWriter.#dueWriters = [];
    for (const writer of due) {
      writer.#isFlushDue = false;
      writer.flush();
    }
  }
}

/** Appends an envelope to the slab. Returns the offset of its first byte. */
function encodeEnvelope(message: Message, encode: MessageEncoder, writeMaxBytes: number): number {
  if (slab.buffer.length - slab.position < minFreeBytes || slab.buffer.length > slabBytes) renewSlab();
  const start = slab.position;
  slab.position += prefixBytes;
  try {
    encode(message, slab);
  } catch (error) {
    slab.position = start;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectError(`serialize binary: ${reason}`, Code.Internal, undefined, undefined, error);
  }
  const size = slab.position - start - prefixBytes;
  if (size > writeMaxBytes) {
    slab.position = start;
    const message = `message size ${size} is larger than configured writeMaxBytes ${writeMaxBytes}`;
    throw new ConnectError(message, Code.ResourceExhausted);
  }
  const { buffer } = slab;
  buffer[start] = 0;
  buffer[start + 1] = size >>> 24;
  buffer[start + 2] = size >>> 16;
  buffer[start + 3] = size >>> 8;
  buffer[start + 4] = size;
  return start;
}

function renewSlab(): void {
  slab.buffer = Buffer.allocUnsafeSlow(slabBytes);
  slab.position = 0;
}
