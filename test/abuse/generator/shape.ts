/** A hostile message of a request type, independent of the encoding of the call. */
export interface Shape {
  /** The path and the fragment, for example `commands.subscribe.symbols: empty strings`. */
  readonly name: string;
  /** The message type, the field and the fragment, for example `bourse.quote.v1.Subscribe.symbols: empty strings`. */
  readonly kind: string;
  /** The nesting depth of the fragment. 0 is the request itself. */
  readonly depth: number;
  readonly format: "binary" | "json";
  /** Whether the message is as large as the limit allows. If not, it has a few bytes. */
  readonly isLarge: boolean;
  /** Whether the bytes are not a protobuf message, for which the protocols return `internal`. */
  readonly isUnparsable: boolean;
  /** The number of copies of the message in a client stream. */
  readonly copies: number;
  /** Returns the bytes of the message: at most `maxBytes`, or a few bytes. */
  build(maxBytes: number): Buffer;
}

/** The part of a shape that depends only on one message or field: fields of the message, or members of its JSON. */
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

/** A fragment of a few bytes that are not a message. */
export function unparsable(name: string, bytes: Buffer): Fragment {
  return { name, isUnparsable: true, build: () => bytes };
}

/** A fragment that exceeds the nesting limit. Its size does not depend on the size limit. */
export function deep(name: string, build: () => Buffer): Fragment {
  return { name, isUnparsable: true, build };
}

/** A fragment of the maximum size. */
export function large(name: string, build: (maxBytes: number) => Buffer): Fragment {
  return { name, isLarge: true, build };
}
