import type { DescMessage, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, compressedFlag } from "@connectrpc/connect/protocol";
import { ByteSink } from "../encoding/byte-sink.ts";
import { type MessageEncoder, messageEncoder } from "../encoding/message-encoder.ts";
import type { Exchange } from "../exchange/exchange.ts";

/** How much is collected before it is written; more gained nothing in the export bench. */
const maxPendingBytes = 64 * 1024;

/** Memory that all streams encode into, one message after the other; slices of it are written, then it is left alone. */
const slabBytes = 2 * maxPendingBytes;

/** A slab with less room than that is left behind: most messages fit, and to move one that does not costs a copy. */
const minRoomBytes = 2 * 1024;

const prefixBytes = 5;

const slab = new ByteSink(slabBytes);

/** How messages of a stream are to be written. */
export interface EnvelopeOptions {
  readonly schema: DescMessage;
  readonly writeMaxBytes: number;
  /** What was agreed with the client; it applies to messages of `compressMinBytes` and more. */
  readonly compression?: Compression;
  readonly compressMinBytes: number;
  /** Called before the first message is added: its headers are to go first. */
  readonly beforeFirst: () => void;
}

/**
 * Encodes messages into envelopes and writes many of them at once.
 *
 * `append` collects, `flush` writes. While `blocked` is a promise the client does not keep up: append no more before it
 * is fulfilled. It rejects when the client is gone.
 */
export class EnvelopeWriter {
  /** Those that have something to write: one callback for all of them, as a thousand streams have it at once. */
  static #due: EnvelopeWriter[] = [];
  /** What is to be waited for before the next message. */
  blocked: Promise<void> | undefined;
  readonly #exchange: Exchange;
  readonly #options: EnvelopeOptions;
  readonly #encode: MessageEncoder;
  #pendingBytes = 0;
  // Those before the newest one.
  #slices: Uint8Array[] | undefined;
  // The newest slice, which grows as long as nobody else uses the slab.
  #buffer: Buffer | undefined;
  #from = 0;
  #to = 0;
  #flushIsDue = false;
  #begun = false;

  constructor(exchange: Exchange, options: EnvelopeOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.#encode = messageEncoder(options.schema);
  }

  /**
   * Adds a message. Writes when enough is collected, else as soon as nothing runs any more that could add another.
   * Throws a ConnectError where the message cannot be sent; what was added before stays. Returns the message's size on the
   * wire before compression, in bytes.
   */
  append(message: Message): number {
    if (!this.#begun) {
      this.#begun = true;
      this.#options.beforeFirst();
    }
    const start = encodeEnvelope(message, this.#encode, this.#options.writeMaxBytes);
    const size = slab.position - start;
    const { compression, compressMinBytes } = this.#options;
    if (compression !== undefined && size - prefixBytes >= compressMinBytes) {
      const plain = Buffer.from(slab.buffer.subarray(start + prefixBytes, slab.position));
      slab.position = start;
      this.#block(compression.compress(plain).then((packed) => this.#appendCompressed(packed)));
      return size;
    }
    this.#collect(start);
    if (this.#pendingBytes >= maxPendingBytes) this.flush();
    else this.#flushSoon();
    return size;
  }

  /** Writes what was collected. */
  flush(): void {
    if (this.#pendingBytes === 0) return;
    const slices = this.#takeSlices();
    this.#pendingBytes = 0;
    if (this.#exchange.gone) return;
    const drained = this.#exchange.write(slices);
    if (drained !== undefined) this.#block(drained);
  }

  #collect(start: number): void {
    const end = slab.position;
    this.#pendingBytes += end - start;
    if (this.#buffer === slab.buffer && this.#to === start) {
      this.#to = end;
      return;
    }
    if (this.#buffer !== undefined) this.#slices = this.#takeSlices();
    this.#buffer = slab.buffer;
    this.#from = start;
    this.#to = end;
  }

  /** Mostly there is one: an array of just that is all that is made then. */
  #takeSlices(): Uint8Array[] {
    const slices = this.#slices;
    const newest = this.#buffer?.subarray(this.#from, this.#to);
    this.#slices = undefined;
    this.#buffer = undefined;
    if (newest === undefined) return slices ?? [];
    if (slices === undefined) return [newest];
    slices.push(newest);
    return slices;
  }

  #appendCompressed(packed: Uint8Array): void {
    const prefix = Buffer.alloc(prefixBytes);
    prefix[0] = compressedFlag;
    prefix.writeUInt32BE(packed.byteLength, 1);
    this.#slices = [...this.#takeSlices(), prefix, packed];
    this.#pendingBytes += prefixBytes + packed.byteLength;
    this.flush();
  }

  #block(until: Promise<void>): void {
    const blocked: Promise<void> = until.then(() => {
      // What was waited for may itself have found the client not keeping up.
      if (this.blocked === blocked) this.blocked = undefined;
    });
    this.blocked = blocked;
    // Whoever appends next hears of it; until then it must not count as unhandled.
    blocked.catch(() => {});
  }

  /**
   * Writes after everything that is ready to run has run, but without waiting for a turn of the event loop: a source
   * that has more at hand adds it before, and an answer that is alone does not wait.
   */
  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    if (EnvelopeWriter.#due.push(this) === 1) process.nextTick(EnvelopeWriter.#flushDue);
  }

  static #flushDue(): void {
    const due = EnvelopeWriter.#due;
    EnvelopeWriter.#due = [];
    for (const writer of due) {
      writer.#flushIsDue = false;
      writer.flush();
    }
  }
}

/** Appends an envelope to the slab, and returns where it begins. */
function encodeEnvelope(message: Message, encode: MessageEncoder, writeMaxBytes: number): number {
  if (slab.buffer.length - slab.position < minRoomBytes || slab.buffer.length > slabBytes) renewSlab();
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
