import { encodeBinaryHeader } from "@connectrpc/connect";

/** A value of metadata: text, a number (sent in decimal), or bytes, which need a key that ends in `-bin`. */
export type MetadataValue = string | number | bigint | Uint8Array;

/** Metadata by key. A list sends each of its values; `undefined` sends nothing. */
export type Metadata = Readonly<Record<string, MetadataValue | readonly MetadataValue[] | undefined>>;

/** Encoded metadata: keys in lower case, each with one or more values. */
export type WireMetadata = readonly (readonly [key: string, values: readonly string[]])[];

/** A handler sets metadata that cannot be sent: an error of the server, not of its client. */
export class MetadataError extends Error {
  override name = "MetadataError";
}

/** Checks and encodes metadata. Throws a {@link MetadataError} with the invalid key. */
export function checkMetadata(metadata: Metadata): WireMetadata {
  const checked: [string, string[]][] = [];
  for (const [name, value] of Object.entries(metadata)) {
    if (value === undefined) continue;
    const key = name.toLowerCase();
    checkKey(key);
    const values: readonly MetadataValue[] = Array.isArray(value) ? value : [value];
    checked.push([key, values.map((each) => encodeValue(key, each))]);
  }
  return checked;
}

/**
 * Returns the size of an entry in a block of headers or trailers, in bytes, as HTTP/2 counts it.
 * https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2
 */
export function sizeOfEntry(key: string, value: string): number {
  return key.length + value.length + bytesOfEntry;
}

/** The overhead of an entry in addition to its key and its value, in bytes. */
const bytesOfEntry = 32;

// The characters that gRPC allows in a key: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
const keyPattern = /^[0-9a-z_.-]+$/;

// Visible ASCII and inner spaces, which every protocol carries unchanged. Outer spaces would be removed.
const valuePattern = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

const reservedPrefixes = ["grpc-", "connect-", "trailer-", ":"];

const reservedKeys = new Set([
  // Hop-by-hop headers, which HTTP/2 forbids: https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  // Headers that the protocols write.
  "accept-encoding",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
]);

/** Keys that have at most one value in HTTP. Node refuses to send two. */
export const singleValuedKeys: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "age",
  "authorization",
  "etag",
  "expires",
  "from",
  "last-modified",
  "location",
  "max-forwards",
  "range",
  "referer",
  "retry-after",
  "user-agent",
  "x-content-type-options",
]);

function checkKey(key: string): void {
  if (reservedKeys.has(key) || reservedPrefixes.some((prefix) => key.startsWith(prefix))) {
    throw new MetadataError(`metadata key "${key}" is reserved: choose another name`);
  }
  if (!keyPattern.test(key)) {
    throw new MetadataError(
      `metadata key ${JSON.stringify(key)} is malformed: use letters, digits, "-", "_" and "." only`,
    );
  }
}

function encodeValue(key: string, value: MetadataValue): string {
  if (value instanceof Uint8Array) {
    if (key.endsWith("-bin")) return encodeBinaryHeader(value);
    throw new MetadataError(`metadata key "${key}" must end in "-bin" to carry bytes`);
  }
  if (key.endsWith("-bin")) {
    throw new MetadataError(`metadata key "${key}" ends in "-bin" and carries bytes: give it a Uint8Array`);
  }
  const text = String(value);
  if (!valuePattern.test(text)) {
    throw new MetadataError(
      `the value of metadata key "${key}" is not printable ASCII without leading and trailing spaces: send it under "${key}-bin"`,
    );
  }
  return text;
}
