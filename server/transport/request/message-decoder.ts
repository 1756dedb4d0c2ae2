import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  fromJsonString,
  type JsonReadOptions,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { callScheduler } from "../protection/call-scheduler.ts";
import { withOwnBuffer } from "./byte-queue.ts";
import { findAlteredValue } from "./find-altered-value.ts";
import type { RequestBody } from "./request-body.ts";

/** Options of the decoder of one method. */
export interface MessageDecoderOptions {
  readonly limits: MessageLimits;
  readonly maxMessageDepth: number;
  readonly jsonOptions?: Partial<JsonReadOptions> | undefined;
  /** Returns the ConnectError for an error that a check of the limits threw. */
  readonly mapError: (error: unknown) => unknown;
}

/**
 * Decodes the request messages of one method, within its limits. Skips unknown fields in protobuf: no handler reads them, and
 * each would take a few hundred bytes of memory. Refuses unknown fields in JSON, and values that would be altered.
 *
 * Throws a ConnectError with INVALID_ARGUMENT for a message that cannot be decoded, with RESOURCE_EXHAUSTED for one that is
 * too large, and the mapped errors of the checks.
 */
export class MessageDecoder {
  readonly maxBytes: number;
  /** An empty message in JSON. */
  readonly emptyJson: JsonValue;
  readonly #method: DescMethod;
  /** Whether decoded messages have parts of the encoded bytes. */
  readonly #sharesBytes: boolean;
  readonly #limits: MessageLimits;
  readonly #binaryOptions: { readonly recursionLimit: number; readonly readUnknownFields: false };
  readonly #jsonOptions: Partial<JsonReadOptions>;
  readonly #mapError: (error: unknown) => unknown;

  constructor(method: DescMethod, { limits, maxMessageDepth, jsonOptions, mapError }: MessageDecoderOptions) {
    this.maxBytes = limits.maxBytes;
    this.emptyJson = emptyJsonOf(method.input);
    this.#method = method;
    this.#sharesBytes = hasBytesFields(method.input);
    this.#limits = limits;
    this.#mapError = mapError;
    this.#binaryOptions = { recursionLimit: maxMessageDepth, readUnknownFields: false };
    // Connect ignores unknown fields. Then a misspelt filter selects everything, and its client does not learn it.
    this.#jsonOptions = { ignoreUnknownFields: false, ...jsonOptions, recursionLimit: maxMessageDepth };
  }

  /** Throws RESOURCE_EXHAUSTED if a message of the given size in bytes is too large. */
  checkSize(bytes: number): void {
    if (bytes <= this.maxBytes) return;
    const message = `message size ${bytes} is larger than the ${this.maxBytes} bytes that ${this.#method.name} accepts`;
    throw new ConnectError(`${message}: send a smaller message`, Code.ResourceExhausted);
  }

  decode(bytes: Uint8Array, binary: boolean): Message {
    this.checkSize(bytes.byteLength);
    return binary ? this.#decodeBinary(bytes) : this.#decodeJson(bytes);
  }

  #decodeBinary(bytes: Uint8Array): Message {
    this.#check(this.#limits.checkBinary, bytes);
    try {
      // A field of type bytes is a part of what it was decoded from.
      const own = this.#sharesBytes ? withOwnBuffer(bytes) : bytes;
      return fromBinary(this.#method.input, own, this.#binaryOptions);
    } catch (error) {
      throw cannotDecode("protobuf", error);
    }
  }

  #decodeJson(bytes: Uint8Array): Message {
    this.#check(this.#limits.checkJson, bytes);
    let altered: string | undefined;
    try {
      const text = utf8.decode(bytes);
      altered = findAlteredValue(this.#method.input, text);
      if (altered === undefined) return fromJsonString(this.#method.input, text, this.#jsonOptions);
    } catch (error) {
      throw cannotDecode("JSON", error);
    }
    throw new ConnectError(altered, Code.InvalidArgument);
  }

  #check(check: ((message: Uint8Array) => void) | undefined, message: Uint8Array): void {
    try {
      check?.(message);
    } catch (error) {
      throw this.#mapError(error);
    }
  }
}

/** Whether a message, or one inside of it, has a field of type bytes. */
function hasBytesFields(schema: DescMessage, visited = new Set<DescMessage>()): boolean {
  if (visited.has(schema)) return false;
  visited.add(schema);
  return schema.fields.some(
    (field) =>
      field.scalar === ScalarType.BYTES || (field.message !== undefined && hasBytesFields(field.message, visited)),
  );
}

function emptyJsonOf(schema: DescMessage): JsonValue {
  try {
    return toJson(schema, create(schema));
  } catch {
    // An empty google.protobuf.Value has no JSON.
    return null;
  }
}

// It throws for invalid UTF-8, which would otherwise become replacement characters.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function cannotDecode(format: string, error: unknown): ConnectError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectError(`the message is not valid ${format}: ${reason}`, Code.InvalidArgument);
}

/** The size in bytes from which on the clock is checked before a message is decoded, because decoding it takes long. */
const checkedBytes = 8 * 1024;

/** Options for decoding one message. */
export interface DecodeOptions {
  readonly decoder: MessageDecoder;
  /** True for protobuf, false for JSON. */
  readonly binary: boolean;
  /** Runs a step after the steps of other calls that are queued. */
  readonly enqueue: (step: () => void) => void;
  /** The body that the message is from. */
  readonly body: Pick<RequestBody, "hold" | "release" | "throwIfFailed">;
}

/**
 * Decodes a message: at once, or after the steps of other calls if it is large and the calls have used up their time in
 * this turn of the event loop.
 *
 * The messages of many connections may become complete in the same turn, and so may many decompressions. Each is a long
 * step, and in a row they would block the event loop for seconds. Until it is decoded, a queued message counts as memory
 * of its call. If the body fails before, the result rejects with its error.
 */
export function decodeScheduled(bytes: Uint8Array, options: DecodeOptions): Message | Promise<Message> {
  const { decoder, binary } = options;
  const isQueued = bytes.byteLength >= checkedBytes && callScheduler.sliceUsed;
  return isQueued ? decodeQueued(bytes, options) : decoder.decode(bytes, binary);
}

async function decodeQueued(bytes: Uint8Array, { decoder, binary, enqueue, body }: DecodeOptions): Promise<Message> {
  const queued = withOwnBuffer(bytes);
  body.hold(queued.byteLength);
  try {
    await new Promise<void>(enqueue);
    body.throwIfFailed();
  } finally {
    body.release(queued.byteLength);
  }
  return decoder.decode(queued, binary);
}

/**
 * The limits of one request message of a method, checked before it is parsed. The checks throw a ConnectError, or an error
 * that the transport's `mapError` maps to one.
 */
export interface MessageLimits {
  /** The largest message, in bytes after decompression. */
  readonly maxBytes: number;
  /** Checks a message in protobuf. Optional. */
  readonly checkBinary?: ((message: Uint8Array) => void) | undefined;
  /** Checks a message in JSON. Optional. */
  readonly checkJson?: ((text: Uint8Array) => void) | undefined;
}

/** Returns the limits of a method. */
export type RequestLimits = (method: DescMethod) => MessageLimits;
