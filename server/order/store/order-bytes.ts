/**
 * How an order is stored: as field 1, `orders`, of an ExportOrdersResponse, so with a tag and its length before it. The
 * sequence is its first field, so that the rest of its bytes are the same whatever sequence it gets.
 */

/** The tag of `orders`: number 1, with a length. */
export const ordersTag = 0x0a;

/** The tag of `sequence`: number 1, a varint. */
const sequenceTag = 0x08;

/** The stored bytes of an order with these contents and this sequence, a safe integer above 0. */
export function toBody(sequence: number, content: Uint8Array): Uint8Array {
  const length = 1 + varintSize(sequence) + content.length;
  const body = new Uint8Array(1 + varintSize(length) + length);
  body[0] = ordersTag;
  let place = putVarint(body, 1, length);
  body[place] = sequenceTag;
  place = putVarint(body, place + 1, sequence);
  body.set(content, place);
  return body;
}

/** The contents of stored bytes: all that follows the sequence. */
export function contentOf(body: Uint8Array): Uint8Array {
  const start = endOfVarint(body, 1);
  return body.subarray(endOfVarint(body, start + 1));
}

/** Where in stored bytes the order of a row begins that starts at `at`: behind its tag and its length. */
export function startOfOrder(bytes: Uint8Array, at: number): number {
  return endOfVarint(bytes, at + 1);
}

/** The varint at a place of `bytes`, a safe integer. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  let scale = 1;
  for (let place = at; ; place++) {
    const byte = bytes[place] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
}

function endOfVarint(bytes: Uint8Array, at: number): number {
  let place = at;
  while ((bytes[place] ?? 0) >= 0x80) place++;
  return place + 1;
}

function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let place = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[place++] = (rest % 0x80) | 0x80;
  bytes[place] = rest;
  return place + 1;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
