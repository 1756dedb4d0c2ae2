import type { Message } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, compressedFlag } from "@connectrpc/connect/protocol";
import type { Exchange } from "../exchange/exchange.ts";
import { callScheduler } from "../protection/call-scheduler.ts";
import { ByteQueue, withOwnBuffer } from "./byte-queue.ts";
import type { ClientIdleTimeout } from "./client-idle-timeout.ts";
import { type DecodeOptions, decodeScheduled, type MessageDecoder } from "./message-decoder.ts";
import type { RequestBody } from "./request-body.ts";
import { type QueryMessage, queryMessageOf, type RequestFormat } from "./request-format.ts";

/** The messages of a request, in order. Keeps no message that was read. Rejects with ConnectErrors. */
export interface RequestMessages extends AsyncIterable<Message>, AsyncIterator<Message> {
  /** The number of messages that were read. */
  readonly count: number;
  /** Ends the messages with an error, which a pending read gets too. */
  fail(error: ConnectError): void;
}

/** Options for reading the messages of a request. */
export interface RequestMessagesOptions {
  readonly decoder: MessageDecoder;
  readonly compressions: readonly Compression[];
  /** Limits the waits for a message. Undefined if the request has only one message, which `requestTimeoutMs` limits. */
  readonly idleTimeout: ClientIdleTimeout | undefined;
  /** Whether the bytes of a message count as memory until the end of the call, instead of until it is decoded. */
  readonly holdsMessages: boolean;
  /** Runs a step after the steps of other calls that are queued. */
  readonly enqueue: (step: () => void) => void;
}

/** Opens the messages of a request. They bypass Connect's pipeline: docs/decisions/0027-request-decoding.md */
export function readRequestMessages(
  exchange: Exchange,
  format: RequestFormat,
  options: RequestMessagesOptions,
): RequestMessages {
  const { decoder, compressions, enqueue } = options;
  const { binary, ignoredFlag, framing } = format;
  const compression = compressions.find(({ name }) => name === format.encoding);
  if (framing === "envelopes") {
    return new EnvelopeMessages({ ...options, body: exchange.body, binary, ignoredFlag, compression });
  }
  const query = framing === "query" ? queryMessageOf(exchange) : undefined;
  const announcedBytes = query === undefined ? Number(exchange.header.get("content-length") ?? Number.NaN) : Number.NaN;
  const { body } = exchange;
  return new SingleRequest(query, { body, decoder, binary, compression, announcedBytes, enqueue });
}

const prefixBytes = 5;

/** The number of messages between two checks of the clock: a check costs as much as a small message. */
const messagesBetweenChecks = 16;

/** Options for reading messages in envelopes. */
interface EnvelopeOptions extends RequestMessagesOptions {
  readonly body: RequestBody;
  readonly binary: boolean;
  readonly ignoredFlag: number;
  readonly compression: Compression | undefined;
}

/** The messages of a stream of envelopes. Its errors are those of Connect's own reader. */
class EnvelopeMessages implements RequestMessages {
  count = 0;
  readonly #body: RequestBody;
  readonly #options: EnvelopeOptions;
  /** The bytes that have arrived and are not decoded. */
  readonly #received = new ByteQueue();
  #sinceCheck = 0;

  constructor(options: EnvelopeOptions) {
    this.#body = options.body;
    this.#options = options;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this;
  }

  next(): Promise<IteratorResult<Message>> {
    return this.#countMessage() && callScheduler.sliceUsed ? this.#nextAfterOthers() : this.#next();
  }

  /** A chunk may have thousands of messages: other calls run between them. */
  async #nextAfterOthers(): Promise<IteratorResult<Message>> {
    await new Promise<void>(this.#options.enqueue);
    return this.#next();
  }

  /** Counts the next message. Returns true if the clock must be checked before it. */
  #countMessage(): boolean {
    if (this.#received.byteLength === 0 || ++this.#sinceCheck < messagesBetweenChecks) return false;
    this.#sinceCheck = 0;
    return true;
  }

  #next(): Promise<IteratorResult<Message>> {
    try {
      const value = this.#takeMessage();
      if (value === undefined) return this.#readMore();
      return value instanceof Promise ? value.then(asResult) : Promise.resolve({ done: false, value });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(): Promise<IteratorResult<Message>> {
    this.#received.clear();
    void this.#body.return();
    return Promise.resolve({ done: true, value: undefined });
  }

  fail(error: ConnectError): void {
    this.#body.fail(error);
  }

  /** Reads the next message. Most messages have one chunk: callbacks instead of an async function save a tenth of a round trip. */
  #readMore(): Promise<IteratorResult<Message>> {
    this.#options.idleTimeout?.beginWait(this.#received.byteLength);
    return this.#body.next().then(this.#onFirstChunk, this.#onBodyError);
  }

  readonly #onFirstChunk = (
    chunk: IteratorResult<Uint8Array>,
  ): IteratorResult<Message> | Promise<IteratorResult<Message>> => {
    try {
      const value = this.#takeFrom(chunk);
      if (value === undefined && chunk.done !== true) return this.#readRest();
      return this.#endWait(value);
    } catch (error) {
      return this.#onBodyError(error);
    }
  };

  /** A loop: a callback that returned the promise of the next chunk would keep the promises of all chunks in memory. */
  async #readRest(): Promise<IteratorResult<Message>> {
    try {
      for (;;) {
        const chunk = await this.#body.next();
        const value = this.#takeFrom(chunk);
        if (value !== undefined || chunk.done === true) return this.#endWait(value);
      }
    } catch (error) {
      return this.#onBodyError(error);
    }
  }

  /** Returns the next message, or undefined if not all of it has arrived, or at the end of the body. */
  #takeFrom(chunk: IteratorResult<Uint8Array>): Message | Promise<Message> | undefined {
    if (chunk.done !== true) {
      this.#received.push(chunk.value);
      return this.#takeMessage();
    }
    if (this.#received.byteLength === 0) return undefined;
    throw new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
  }

  #endWait(value: Message | Promise<Message> | undefined): IteratorResult<Message> | Promise<IteratorResult<Message>> {
    this.#options.idleTimeout?.endWait(); // the time of the decoding is the server's, not the client's
    if (value === undefined) return { done: true, value };
    return value instanceof Promise ? value.then(asResult) : { done: false, value };
  }

  readonly #onBodyError = (error: unknown): never => {
    this.#options.idleTimeout?.endWait();
    throw error;
  };

  /** Returns the next message, or undefined if not all of it has arrived. */
  #takeMessage(): Message | Promise<Message> | undefined {
    const { decoder, ignoredFlag, compression, holdsMessages } = this.#options;
    const received = this.#received;
    while (received.byteLength >= prefixBytes) {
      const flags = received.at(0);
      const size = received.at(1) * 2 ** 24 + (received.at(2) << 16) + (received.at(3) << 8) + received.at(4);
      decoder.checkSize(size);
      if (received.byteLength < prefixBytes + size) break;
      received.skip(prefixBytes);
      const bytes = received.take(size);
      received.ownBytes(); // the rest of the chunk stays until the next call
      if (!holdsMessages) this.#body.release(prefixBytes + size);
      const compressed = (flags & compressedFlag) !== 0;
      if (compressed && compression === undefined) {
        // https://github.com/grpc/grpc/blob/master/doc/compression.md
        throw new ConnectError("received compressed envelope, but do not know how to decompress", Code.Internal);
      }
      if (ignoredFlag !== 0 && (flags & ignoredFlag) !== 0) continue;
      this.count++;
      if (compressed && compression !== undefined) {
        this.#sinceCheck = messagesBetweenChecks; // one decompression takes as long as decoding many messages
        return this.#decompress(withOwnBuffer(bytes), compression);
      }
      return decodeScheduled(bytes, this.#options);
    }
    received.ownBytes();
    return undefined;
  }

  async #decompress(bytes: Uint8Array, compression: Compression): Promise<Message> {
    const decompressed = await compression.decompress(bytes, this.#options.decoder.maxBytes);
    return decodeScheduled(decompressed, this.#options);
  }
}

function asResult(value: Message): IteratorResult<Message> {
  return { done: false, value };
}

/** Options for reading a request without envelopes. */
interface SingleRequestOptions extends DecodeOptions {
  readonly body: RequestBody;
  readonly compression: Compression | undefined;
  /** The size of the body by the headers, in bytes; NaN if it is not known. */
  readonly announcedBytes: number;
}

/** The message of a unary request of the Connect protocol: the body, or a parameter of the query. */
class SingleRequest implements RequestMessages {
  count = 0;
  readonly #body: RequestBody;
  readonly #options: SingleRequestOptions;
  #query: QueryMessage | undefined;

  /** @param query has the message; undefined if the body has it */
  constructor(query: QueryMessage | undefined, options: SingleRequestOptions) {
    this.#body = options.body;
    this.#query = query;
    this.#options = options;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this;
  }

  async next(): Promise<IteratorResult<Message>> {
    if (this.count > 0) return { done: true, value: undefined };
    const { decoder, compression, announcedBytes } = this.#options;
    this.count = 1;
    // Refused before it arrives.
    if (announcedBytes > decoder.maxBytes) decoder.checkSize(announcedBytes);
    const sent = this.#query === undefined ? await readAll(this.#body, decoder) : messageOf(this.#query);
    this.#query = undefined;
    const bytes = compression === undefined ? sent : await compression.decompress(sent, decoder.maxBytes);
    return { done: false, value: await decodeScheduled(bytes, this.#options) };
  }

  fail(error: ConnectError): void {
    this.#body.fail(error);
  }
}

async function readAll(body: RequestBody, decoder: MessageDecoder): Promise<Uint8Array> {
  const received = new ByteQueue();
  for (let chunk = await body.next(); chunk.done !== true; chunk = await body.next()) {
    received.push(chunk.value);
    received.ownBytes();
    decoder.checkSize(received.byteLength);
  }
  return received.take(received.byteLength);
}

/** https://connectrpc.com/docs/protocol#unary-get-request */
function messageOf({ bytes, isBase64 }: QueryMessage): Uint8Array {
  if (!isBase64) return bytes;
  try {
    return base64Decode(bytes.toString("latin1"));
  } catch {
    throw new ConnectError("the parameter `message` is not valid base64", Code.InvalidArgument);
  }
}
