import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  fromJsonString,
  type JsonReadOptions,
  type JsonValue,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageLimits } from "./message-limits.ts";

/** What decodes the messages of one method. */
export interface MessageDecoderOptions {
  readonly limits: MessageLimits;
  readonly maxMessageDepth: number;
  readonly jsonOptions?: Partial<JsonReadOptions> | undefined;
  /** Makes a ConnectError of an error that a check of the limits threw. */
  readonly mapError: (error: unknown) => unknown;
}

/**
 * Decodes the request messages of one method, within its limits. Unknown fields are skipped: nobody reads them, and each
 * would take some hundred bytes for as long as its message is there.
 *
 * Its methods throw a ConnectError with INVALID_ARGUMENT for a message that cannot be decoded, RESOURCE_EXHAUSTED for
 * one that is too large, and what the checks of the limits throw.
 */
export class MessageDecoder {
  readonly maxBytes: number;
  /** An empty message in JSON. */
  readonly emptyJson: JsonValue;
  readonly #method: DescMethod;
  readonly #limits: MessageLimits;
  readonly #binaryOptions: { readonly recursionLimit: number; readonly readUnknownFields: false };
  readonly #jsonOptions: Partial<JsonReadOptions>;
  readonly #mapError: (error: unknown) => unknown;

  constructor(method: DescMethod, { limits, maxMessageDepth, jsonOptions, mapError }: MessageDecoderOptions) {
    this.maxBytes = limits.maxBytes;
    this.emptyJson = emptyJsonOf(method.input);
    this.#method = method;
    this.#limits = limits;
    this.#mapError = mapError;
    this.#binaryOptions = { recursionLimit: maxMessageDepth, readUnknownFields: false };
    // As Connect reads JSON: a newer client may send fields that are not known here.
    this.#jsonOptions = { ignoreUnknownFields: true, ...jsonOptions, recursionLimit: maxMessageDepth };
  }

  /** Throws if a message of that many bytes is too large. */
  checkSize(bytes: number): void {
    if (bytes <= this.maxBytes) return;
    const message = `message size ${bytes} is larger than the ${this.maxBytes} bytes that ${this.#method.name} takes`;
    throw new ConnectError(`${message}: send a smaller message`, Code.ResourceExhausted);
  }

  decode(bytes: Uint8Array, binary: boolean): Message {
    this.checkSize(bytes.byteLength);
    return binary ? this.#decodeBinary(bytes) : this.#decodeJson(bytes);
  }

  #decodeBinary(bytes: Uint8Array): Message {
    this.#check(this.#limits.checkBinary, bytes);
    try {
      return fromBinary(this.#method.input, bytes, this.#binaryOptions);
    } catch (error) {
      throw cannotDecode("protobuf", error);
    }
  }

  #decodeJson(bytes: Uint8Array): Message {
    this.#check(this.#limits.checkJson, bytes);
    try {
      return fromJsonString(this.#method.input, utf8.decode(bytes), this.#jsonOptions);
    } catch (error) {
      throw cannotDecode("JSON", error);
    }
  }

  #check(check: ((message: Uint8Array) => void) | undefined, message: Uint8Array): void {
    try {
      check?.(message);
    } catch (error) {
      throw this.#mapError(error);
    }
  }
}

function emptyJsonOf(schema: DescMessage): JsonValue {
  try {
    return toJson(schema, create(schema));
  } catch {
    // google.protobuf.Value has no JSON until it has a value.
    return null;
  }
}

// Fatal: other decoders would put replacement characters into what a client sent.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function cannotDecode(format: string, error: unknown): ConnectError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConnectError(`the message is not valid ${format}: ${reason}`, Code.InvalidArgument);
}
