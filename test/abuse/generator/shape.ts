/** A hostile message of one request type, however it is sent. */
export interface Shape {
  /** Where in the message and what, as in `commands.subscribe.symbols: empty strings`. */
  readonly name: string;
  /** The same for every message of that type in any request, as in `bourse.quote.v1.Subscribe.symbols: empty strings`. */
  readonly kind: string;
  /** How many messages are around the place: 0 is the request itself. */
  readonly depth: number;
  readonly format: "binary" | "json";
  /** As large as the limit allows; else a few bytes. */
  readonly isLarge: boolean;
  /** Whether the bytes are no protobuf message: the protocols answer that with `internal`. */
  readonly isUnparsable: boolean;
  /** How many copies of the message a client stream has. */
  readonly copies: number;
  /** The bytes of the message, at most `maxBytes`, or few. */
  build(maxBytes: number): Buffer;
}

/** The part of a shape that depends on one message or field alone: the fields of that message, or its JSON members. */
export interface Fragment {
  readonly name: string;
  readonly isLarge?: boolean;
  readonly isUnparsable?: boolean;
  build(maxBytes: number): Buffer;
}

/** A fragment of a few bytes. */
export function small(name: string, bytes: Buffer | string): Fragment {
  return { name, build: () => Buffer.from(bytes) };
}

/** A fragment of a few bytes that are no message. */
export function unparsable(name: string, bytes: Buffer): Fragment {
  return { name, isUnparsable: true, build: () => bytes };
}

/** A fragment with more levels of nesting than any message may have. Its size does not depend on the size limit. */
export function deep(name: string, build: () => Buffer): Fragment {
  return { name, isUnparsable: true, build };
}

/** A fragment that is as large as it may be. */
export function large(name: string, build: (maxBytes: number) => Buffer): Fragment {
  return { name, isLarge: true, build };
}
