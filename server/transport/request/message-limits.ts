import type { DescMethod } from "@bufbuild/protobuf";

/**
 * What one request message of a method may be, before it is parsed. The checks throw a ConnectError, or an error that
 * the transport's `mapError` makes one of.
 */
export interface MessageLimits {
  /** The largest message, in bytes after decompression. */
  readonly maxBytes: number;
  /** Checks a message in protobuf. Absent: nothing is checked. */
  readonly checkBinary?: ((message: Uint8Array) => void) | undefined;
  /** Checks a message in JSON. Absent: nothing is checked. */
  readonly checkJson?: ((text: Uint8Array) => void) | undefined;
}

/** The limits of each method that is served. */
export type MessageLimitsOf = (method: DescMethod) => MessageLimits;
