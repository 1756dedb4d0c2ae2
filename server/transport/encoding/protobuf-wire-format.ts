import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { ByteSink } from "./byte-sink.ts";

// The wire format of protobuf: https://protobuf.dev/programming-guides/encoding/

/** Returns the wire type of a scalar. Enums have that of INT32. */
export function wireTypeOfScalar(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.BYTES:
    case ScalarType.STRING:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

/** The maximum size of a varint, in bytes. */
export const maxVarintBytes = 10;

/** The maximum size of a tag and a varint together, in bytes. Writers ensure this space before they write either. */
export const tagAndVarintBytes = 5 + maxVarintBytes;

/** Writes an unsigned 32-bit varint (a length, a tag) at an offset. The space must be ensured. Returns the offset after it. */
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

/** Writes a 64-bit varint, given as two halves of 32 bits of any sign. */
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

/** Returns the number of bytes that {@link putVarint32} writes. */
export function varint32Size(value: number): number {
  if (value < 2 ** 7) return 1;
  if (value < 2 ** 14) return 2;
  if (value < 2 ** 21) return 3;
  return value < 2 ** 28 ? 4 : 5;
}

/** The expected size of a length prefix, of a field that is written many times. */
export interface LengthGuess {
  /** The bytes of its last length prefix: the best guess for the next one. */
  lengthBytes: number;
}

/** Reserves space for a length prefix. Returns the offset of the bytes that it counts. */
export function openLength(guess: LengthGuess, sink: ByteSink): number {
  sink.position += guess.lengthBytes;
  return sink.position;
}

/** Writes the length of the bytes since `start` at an offset. Moves the bytes if the reserved space has another size. */
export function closeLength(guess: LengthGuess, offset: number, start: number, sink: ByteSink): void {
  const length = sink.position - start;
  if (length < 0x80 && start === offset + 1) sink.buffer[offset] = length;
  else closeLongLength(guess, offset, start, sink);
}

function closeLongLength(guess: LengthGuess, offset: number, start: number, sink: ByteSink): void {
  const end = sink.position;
  const length = end - start;
  const size = varint32Size(length);
  if (offset + size !== start) {
    sink.ensure(size);
    sink.buffer.copyWithin(offset + size, start, end);
    guess.lengthBytes = size;
  }
  putVarint32(sink.buffer, offset, length);
  sink.position = offset + size + length;
}
