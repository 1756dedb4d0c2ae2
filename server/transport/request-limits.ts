import type { DescMethod, JsonValue } from "@bufbuild/protobuf";

/**
 * What one request message of a method may be, before it is parsed. The checks throw a ConnectError, or an error that
 * the transport's `mapError` makes one of.
 */
export interface RequestLimits {
  /** The largest message, in bytes after decompression. */
  readonly maxBytes: number;
  /** Checks a binary message before objects are made of it. Absent: nothing is checked. */
  readonly checkBinary?: ((message: Uint8Array) => void) | undefined;
  /** Checks a JSON text before it is parsed. Absent: nothing is checked. */
  readonly checkJsonText?: ((text: Uint8Array) => void) | undefined;
  /** Checks a parsed JSON value before a message is made of it. Absent: nothing is checked. */
  readonly checkJson?: ((value: JsonValue) => void) | undefined;
}

/** The limits of each method that is served. */
export type RequestLimitsOf = (method: DescMethod) => RequestLimits;
