/**
 * The encoding of a stored order: the protobuf field `orders` (number 1) of an ExportOrdersResponse, with its tag and its
 * length. The sequence is the first field of the order, so that the bytes after it, the content, do not depend on it.
 * https://protobuf.dev/programming-guides/encoding/
 */

/** The tag of `orders`: field number 1, length-delimited. */
export const ordersTag = 0x0a;

/** The tag of `sequence`: field number 1, varint. */
const sequenceTag = 0x08;

/**
 * Returns the stored bytes of an order.
 *
 * @param sequence a safe integer above 0
 */
export function toBody(sequence: number, content: Uint8Array): Uint8Array {
  const length = 1 + varintSize(sequence) + content.length;
  const body = new Uint8Array(1 + varintSize(length) + length);
  body[0] = ordersTag;
  let offset = putVarint(body, 1, length);
  body[offset] = sequenceTag;
  offset = putVarint(body, offset + 1, sequence);
  body.set(content, offset);
  return body;
}

/** Returns the content of stored bytes: everything after the sequence. */
export function contentOf(body: Uint8Array): Uint8Array {
  const start = endOfVarint(body, 1);
  return body.subarray(endOfVarint(body, start + 1));
}

/** Returns the offset of the order in the row that starts at `at`: after its tag and its length. */
export function startOfOrder(bytes: Uint8Array, at: number): number {
  return endOfVarint(bytes, at + 1);
}

/** Reads the varint at an offset of `bytes`, a safe integer. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  let scale = 1;
  for (let offset = at; ; offset++) {
    const byte = bytes[offset] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}

function endOfVarint(bytes: Uint8Array, at: number): number {
  let offset = at;
  while ((bytes[offset] ?? 0) >= 0x80) offset++;
  return offset + 1;
}

/** Writes a varint. Returns the offset after it. */
function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let offset = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[offset++] = (rest % 0x80) | 0x80;
  bytes[offset] = rest;
  return offset + 1;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
