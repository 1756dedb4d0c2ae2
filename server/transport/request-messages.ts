import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import type { ClientIdleTimeout } from "./client-idle-timeout.ts";
import type { Exchange } from "./exchange.ts";
import type { RequestBody } from "./request-body.ts";
import type { RpcProtocol } from "./rpc-protocol.ts";

/** The content types of streams of binary messages, each with the flag of envelopes that are none. */
const binaryStreams = new Map<string, number>([
  ["application/grpc", 0],
  ["application/grpc+proto", 0],
  ["application/grpc-web", 0x80],
  ["application/grpc-web+proto", 0x80],
  ["application/connect+proto", 0x02],
]);

const encodingHeaders: Record<RpcProtocol, string> = {
  grpc: "grpc-encoding",
  "grpc-web": "grpc-encoding",
  connect: "connect-content-encoding",
};

const prefixBytes = 5;

/**
 * Messages below that are copied out of the chunk that they came in: a handler that keeps one would keep the whole
 * chunk with it.
 */
const copiedBytes = 4 * 1024;

/** What the messages of a request are subject to. */
export interface RequestOptions {
  readonly readMaxBytes: number;
  readonly maxMessageDepth: number;
  /** Whether the bytes of a message count as memory until the call has ended, and not only until it is parsed. */
  readonly holdsMessages: boolean;
}

/**
 * Opens the way for the messages of a stream that goes around Connect's pipeline. `undefined` where they are not binary
 * or where they are compressed.
 */
export function openRequestMessages(
  { header, body }: Exchange,
  protocol: RpcProtocol,
  schema: DescMessage,
  options: RequestOptions,
  idleTimeout: ClientIdleTimeout | undefined,
): RequestMessages | undefined {
  const ignoredFlag = binaryStreams.get(header.get("content-type") ?? "");
  const encoding = header.get(encodingHeaders[protocol]);
  if (ignoredFlag === undefined || (encoding !== null && encoding !== "identity")) return undefined;
  return new RequestMessages(body, ignoredFlag, schema, options, idleTimeout);
}

/** The messages of a stream of envelopes, with the errors of Connect's own reader. */
export class RequestMessages implements AsyncIterable<Message>, AsyncIterator<Message> {
  /** How many messages were read. */
  count = 0;
  readonly #body: RequestBody;
  readonly #ignoredFlag: number;
  readonly #schema: DescMessage;
  readonly #options: RequestOptions;
  readonly #idleTimeout: ClientIdleTimeout | undefined;
  readonly #parseOptions: { readonly recursionLimit: number };
  // What has come and is not taken: the first chunk from `#offset` on, and the chunks behind it.
  #chunks: Uint8Array[] = [];
  #offset = 0;
  #available = 0;

  /** @param idleTimeout is told of waits for a message. Absent: there is one message, which has a limit of its own */
  constructor(
    body: RequestBody,
    ignoredFlag: number,
    schema: DescMessage,
    options: RequestOptions,
    idleTimeout: ClientIdleTimeout | undefined,
  ) {
    this.#body = body;
    this.#ignoredFlag = ignoredFlag;
    this.#schema = schema;
    this.#options = options;
    this.#idleTimeout = idleTimeout;
    this.#parseOptions = { recursionLimit: options.maxMessageDepth };
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this;
  }

  next(): Promise<IteratorResult<Message>> {
    try {
      const value = this.#takeMessage();
      return value === undefined ? this.#readOn() : Promise.resolve({ done: false, value });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(): Promise<IteratorResult<Message>> {
    this.#chunks = [];
    this.#available = 0;
    void this.#body.return();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends with an error, also a read that is waiting. */
  fail(error: ConnectError): void {
    this.#body.fail(error);
  }

  async #readOn(): Promise<IteratorResult<Message>> {
    this.#idleTimeout?.beginWait(this.#available);
    try {
      for (;;) {
        const chunk = await this.#body.next();
        if (chunk.done === true) {
          if (this.#available === 0) return { done: true, value: undefined };
          throw new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
        }
        this.#chunks.push(chunk.value);
        this.#available += chunk.value.byteLength;
        const value = this.#takeMessage();
        if (value !== undefined) return { done: false, value };
      }
    } finally {
      this.#idleTimeout?.endWait();
    }
  }

  /** The next message, if all of it has come. */
  #takeMessage(): Message | undefined {
    while (this.#available >= prefixBytes) {
      const flags = this.#peek(0);
      const size = this.#peek(1) * 2 ** 24 + (this.#peek(2) << 16) + (this.#peek(3) << 8) + this.#peek(4);
      if (size > this.#options.readMaxBytes) {
        const message = `message size ${size} is larger than configured readMaxBytes ${this.#options.readMaxBytes}`;
        throw new ConnectError(message, Code.ResourceExhausted);
      }
      if (this.#available < prefixBytes + size) return undefined;
      this.#skip(prefixBytes);
      const bytes = this.#takeBytes(size);
      if (!this.#options.holdsMessages) this.#body.release(prefixBytes + size);
      if ((flags & compressedFlag) !== 0) {
        throw new ConnectError("received compressed envelope, but do not know how to decompress", Code.Internal);
      }
      if (this.#ignoredFlag === 0 || (flags & this.#ignoredFlag) === 0) return this.#parse(bytes);
    }
    return undefined;
  }

  #parse(bytes: Uint8Array): Message {
    try {
      const message = fromBinary(this.#schema, bytes, this.#parseOptions);
      this.count++;
      return message;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectError(`parse binary: ${reason}`, Code.Internal);
    }
  }

  #peek(at: number): number {
    let place = this.#offset + at;
    for (const chunk of this.#chunks) {
      if (place < chunk.byteLength) return chunk[place] ?? 0;
      place -= chunk.byteLength;
    }
    return 0;
  }

  #takeBytes(size: number): Uint8Array {
    const [first] = this.#chunks;
    if (first !== undefined && first.byteLength - this.#offset >= size) {
      const start = this.#offset;
      const bytes = size < copiedBytes ? first.slice(start, start + size) : first.subarray(start, start + size);
      this.#skip(size);
      return bytes;
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    let filled = 0;
    while (filled < size) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(this.#offset, this.#offset + size - filled);
      bytes.set(part, filled);
      filled += part.byteLength;
      this.#skip(part.byteLength);
    }
    return bytes;
  }

  #skip(count: number): void {
    this.#available -= count;
    this.#offset += count;
    let done = 0;
    for (;;) {
      const chunk = this.#chunks[done];
      if (chunk === undefined || this.#offset < chunk.byteLength) break;
      this.#offset -= chunk.byteLength;
      done++;
    }
    if (done > 0) this.#chunks = done === this.#chunks.length ? [] : this.#chunks.slice(done);
  }
}
