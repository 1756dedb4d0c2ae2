import { encodeBinaryHeader } from "@connectrpc/connect";

/** A value of a metadata key: text, a number (sent in decimal), or bytes, which need a key that ends in `-bin`. */
export type MetadataValue = string | number | bigint | Uint8Array;

/** Metadata by key. A list sends each of its values; `undefined` sends nothing. */
export type Metadata = Readonly<Record<string, MetadataValue | readonly MetadataValue[] | undefined>>;

/** Metadata as it goes on the wire: keys in lower case, each with one or more encoded values. */
export type WireMetadata = readonly (readonly [key: string, values: readonly string[]])[];

/** A handler asked for metadata that cannot be sent. A mistake of the server's own, not of its client. */
export class MetadataError extends Error {
  override name = "MetadataError";
}

/** Checks metadata and encodes it for the wire. Throws a {@link MetadataError} that names the offending key. */
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

/** How many bytes an entry counts in a block of headers or trailers, as HTTP/2 counts them. */
export function sizeOfEntry(key: string, value: string): number {
  return key.length + value.length + bytesOfEntry;
}

/** What HTTP/2 counts for an entry besides its key and its value. */
const bytesOfEntry = 32;

// What gRPC allows in a key. HTTP allows more, and no client of all protocols could read it.
const keyPattern = /^[0-9a-z_.-]+$/;

// Visible ASCII and inner spaces: what every protocol carries unchanged. Outer blanks would be cut off on the way.
const valuePattern = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

const reservedPrefixes = ["grpc-", "connect-", "trailer-", ":"];

const reservedKeys = new Set([
  // Hop-by-hop: they speak of one connection, and HTTP/2 refuses them.
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
  // Written by the protocols themselves.
  "accept-encoding",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
]);

/** Keys to which HTTP gives a meaning of their own and at most one value; Node refuses to send two. */
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
      `the value of metadata key "${key}" is not printable ASCII without outer blanks: send it under "${key}-bin"`,
    );
  }
  return text;
}
