/** The most bytes that a tag and a varint behind it take: what a writer makes room for ahead of any of them. */
export const tagAndVarintBytes = 5 + 10;

/** Writes an unsigned 32-bit varint (a length, a tag) at `position`. Room for it must be there. Returns where it ends. */
export function putVarint32(buffer: Buffer, position: number, value: number): number {
  let rest = value;
  let end = position;
  while (rest > 0x7f) {
    buffer[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[end++] = rest;
  return end;
}

/** The same for 64 bits, in two halves of 32 bits each, of any sign. */
export function putVarint64(buffer: Buffer, position: number, low: number, high: number): number {
  let lower = low >>> 0;
  let upper = high >>> 0;
  let end = position;
  while (upper !== 0) {
    buffer[end++] = (lower & 0x7f) | 0x80;
    lower = ((lower >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  return putVarint32(buffer, end, lower);
}

/** How many bytes {@link putVarint32} takes. */
export function varint32Size(value: number): number {
  if (value < 2 ** 7) return 1;
  if (value < 2 ** 14) return 2;
  if (value < 2 ** 21) return 3;
  return value < 2 ** 28 ? 4 : 5;
}
