import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, compressedFlag } from "@connectrpc/connect/protocol";
import type { Exchange } from "../exchange/exchange.ts";
import type { ClientIdleTimeout } from "../port/client-idle-timeout.ts";
import { callScheduler } from "../protection/call-scheduler.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { decodeInTurn, type GiveWay, nextTurn } from "./decode-in-turn.ts";
import type { MessageDecoder } from "./message-decoder.ts";
import type { RequestBody } from "./request-body.ts";
import { queryOf, type RequestFormat } from "./request-format.ts";
import { SingleRequest } from "./single-request.ts";

/** The messages of a request, in their order. Keeps none that was taken. Throws ConnectErrors. */
export interface RequestMessages extends AsyncIterable<Message>, AsyncIterator<Message> {
  /** How many messages were read. */
  readonly count: number;
  /** Ends with an error, also a read that is waiting. */
  fail(error: ConnectError): void;
}

/** What the messages of a request are subject to. */
export interface RequestMessagesOptions {
  readonly decoder: MessageDecoder;
  readonly compressions: readonly Compression[];
  /** Times the waits for a message. Undefined: there is one message, which has a limit of its own. */
  readonly idleTimeout: ClientIdleTimeout | undefined;
  /** Whether the bytes of a message count as memory until the call has ended, and not only until it is decoded. */
  readonly holdsMessages: boolean;
  readonly giveWay: GiveWay;
}

/** Opens the messages of a request, decoded around Connect's pipeline. */
export function openRequestMessages(
  exchange: Exchange,
  format: RequestFormat,
  options: RequestMessagesOptions,
): RequestMessages {
  const { decoder, compressions } = options;
  const { binary, ignoredFlag, framing } = format;
  const compression = compressions.find(({ name }) => name === format.encoding);
  if (framing === "envelopes") {
    return new EnvelopeMessages(exchange.body, { ...options, binary, ignoredFlag, compression });
  }
  const query = framing === "query" ? queryOf(exchange) : undefined;
  const announcedBytes = query === undefined ? Number(exchange.header.get("content-length") ?? Number.NaN) : Number.NaN;
  const { giveWay } = options;
  return new SingleRequest(exchange.body, query, { decoder, binary, compression, announcedBytes, giveWay });
}

const prefixBytes = 5;

/** How many messages are read before a look at the clock, which costs as much as a small message. */
const messagesBetweenLooks = 16;

/**
 * Messages below that are copied out of the chunk that they came in: a handler that keeps one would keep the whole
 * chunk with it.
 */
const copiedBytes = 4 * 1024;

/** What the messages in envelopes are decoded with. */
interface EnvelopeOptions extends RequestMessagesOptions {
  readonly binary: boolean;
  readonly ignoredFlag: number;
  readonly compression: Compression | undefined;
}

/** The messages of a stream of envelopes, with the errors of Connect's own reader. */
class EnvelopeMessages implements RequestMessages {
  count = 0;
  readonly #body: RequestBody;
  readonly #options: EnvelopeOptions;
  /** What has come and is not taken. */
  readonly #received = new ChunkQueue();
  #sinceLook = 0;

  constructor(body: RequestBody, options: EnvelopeOptions) {
    this.#body = body;
    this.#options = options;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this;
  }

  next(): Promise<IteratorResult<Message>> {
    return this.#mustLook && callScheduler.sliceUsed ? this.#nextInTurn() : this.#next();
  }

  /** A chunk may hold thousands of messages: they are not to be handled in one go. */
  async #nextInTurn(): Promise<IteratorResult<Message>> {
    await nextTurn(this.#options.giveWay);
    return this.#next();
  }

  get #mustLook(): boolean {
    if (this.#received.byteLength === 0 || ++this.#sinceLook < messagesBetweenLooks) return false;
    this.#sinceLook = 0;
    return true;
  }

  #next(): Promise<IteratorResult<Message>> {
    try {
      const value = this.#takeMessage();
      if (value === undefined) return this.#readOn();
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

  async #readOn(): Promise<IteratorResult<Message>> {
    const { idleTimeout } = this.#options;
    let value: Message | Promise<Message> | undefined;
    idleTimeout?.beginWait(this.#received.byteLength);
    try {
      while (value === undefined) {
        const chunk = await this.#body.next();
        if (chunk.done === true) {
          if (this.#received.byteLength === 0) return { done: true, value: undefined };
          throw new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
        }
        this.#received.push(chunk.value);
        value = this.#takeMessage();
      }
    } finally {
      idleTimeout?.endWait(); // What follows is the server's time, not the client's.
    }
    return { done: false, value: await value };
  }

  /** The next message, if all of it has come. */
  #takeMessage(): Message | Promise<Message> | undefined {
    const { decoder, ignoredFlag, compression, holdsMessages } = this.#options;
    const received = this.#received;
    while (received.byteLength >= prefixBytes) {
      const flags = received.at(0);
      const size = received.at(1) * 2 ** 24 + (received.at(2) << 16) + (received.at(3) << 8) + received.at(4);
      decoder.checkSize(size);
      if (received.byteLength < prefixBytes + size) return undefined;
      received.skip(prefixBytes);
      const bytes = this.#takeBytes(size);
      if (!holdsMessages) this.#body.release(prefixBytes + size);
      const compressed = (flags & compressedFlag) !== 0;
      if (compressed && compression === undefined) {
        // As https://github.com/grpc/grpc/blob/master/doc/compression.md says.
        throw new ConnectError("received compressed envelope, but do not know how to decompress", Code.Internal);
      }
      if (ignoredFlag !== 0 && (flags & ignoredFlag) !== 0) continue;
      this.count++;
      if (compressed && compression !== undefined) {
        this.#sinceLook = messagesBetweenLooks; // to decompress one takes as long as many others
        return this.#inflate(bytes, compression);
      }
      return decodeInTurn(bytes, this.#options);
    }
    return undefined;
  }

  async #inflate(bytes: Uint8Array, compression: Compression): Promise<Message> {
    const inflated = await compression.decompress(bytes, this.#options.decoder.maxBytes);
    return decodeInTurn(inflated, this.#options);
  }

  #takeBytes(size: number): Uint8Array {
    const bytes = this.#received.take(size);
    // Not with `slice`, which copies nothing of a Buffer.
    return size < copiedBytes ? new Uint8Array(bytes) : bytes;
  }
}

function asResult(value: Message): IteratorResult<Message> {
  return { done: false, value };
}
