import type { Message } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { ChunkQueue } from "./chunk-queue.ts";
import { type DecodeOptions, decodeInTurn } from "./decode-in-turn.ts";
import type { MessageDecoder } from "./message-decoder.ts";
import type { RequestBody } from "./request-body.ts";
import type { RequestMessages } from "./request-messages.ts";

/** What a request without envelopes is decoded with. */
export interface SingleRequestOptions extends DecodeOptions {
  readonly compression: Compression | undefined;
  /** What the request says of the size of its body, in bytes; NaN if it does not. */
  readonly announcedBytes: number;
}

/** The one message of a unary request of Connect's protocol: the body as a whole, or a parameter of the query. */
export class SingleRequest implements RequestMessages {
  count = 0;
  readonly #body: RequestBody;
  readonly #options: SingleRequestOptions;
  #query: URLSearchParams | undefined;

  /** @param query what has the message, if the body has not */
  constructor(body: RequestBody, query: URLSearchParams | undefined, options: SingleRequestOptions) {
    this.#body = body;
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
    // At once: the rest of a message that is too large need not arrive.
    if (announcedBytes > decoder.maxBytes) decoder.checkSize(announcedBytes);
    const sent = this.#query === undefined ? await readAll(this.#body, decoder) : messageOf(this.#query);
    this.#query = undefined;
    const bytes = compression === undefined ? sent : await compression.decompress(sent, decoder.maxBytes);
    return { done: false, value: await decodeInTurn(bytes, this.#options) };
  }

  fail(error: ConnectError): void {
    this.#body.fail(error);
  }
}

async function readAll(body: RequestBody, decoder: MessageDecoder): Promise<Uint8Array> {
  const received = new ChunkQueue();
  for (let chunk = await body.next(); chunk.done !== true; chunk = await body.next()) {
    received.push(chunk.value);
    decoder.checkSize(received.byteLength);
  }
  return received.take(received.byteLength);
}

/** https://connectrpc.com/docs/protocol#unary-get-request */
function messageOf(query: URLSearchParams): Uint8Array {
  const message = query.get("message") ?? "";
  if (query.get("base64") !== "1") return Buffer.from(message);
  try {
    return base64Decode(message);
  } catch {
    throw new ConnectError("the parameter `message` is not valid base64", Code.InvalidArgument);
  }
}
