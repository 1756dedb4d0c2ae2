import { ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { ByteSink } from "./byte-sink.ts";
import type { ScalarField, ScalarFieldPlan } from "./message-encoding-plan.ts";
import { putVarint32, putVarint64, varint32Size } from "./protobuf-wire-format.ts";

/**
 * Writes a value of a scalar or enum field at an offset, without a tag. The space of a varint must be ensured; text and
 * bytes ensure their own. Returns the offset after it. Throws an error with the name of the field if the value is invalid.
 */
export function putScalar(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  switch (field.scalar) {
    case ScalarType.DOUBLE:
      return putDouble(field, value, sink, offset);
    case ScalarType.FLOAT:
      return putFloat(field, value, sink, offset);
    case ScalarType.INT32:
      return putInt32(field, value, sink, offset);
    case ScalarType.INT64:
      return putInt64(field, value, sink, offset);
    case ScalarType.UINT32:
      return putUint32(field, value, sink, offset);
    case ScalarType.UINT64:
      return putUint64(field, value, sink, offset);
    case ScalarType.SINT32:
      return putSint32(field, value, sink, offset);
    case ScalarType.SINT64:
      return putSint64(field, value, sink, offset);
    case ScalarType.FIXED32:
      if (!isUint32(value)) return putUnusual(field, value, sink, offset);
      sink.view.setUint32(offset, value, true);
      return offset + 4;
    case ScalarType.SFIXED32:
      if (!isInt32(value)) return putUnusual(field, value, sink, offset);
      sink.view.setInt32(offset, value, true);
      return offset + 4;
    case ScalarType.FIXED64:
      if (!isUint64(value)) return putUnusual(field, value, sink, offset);
      sink.view.setBigUint64(offset, value, true);
      return offset + 8;
    case ScalarType.SFIXED64:
      if (!isInt64(value)) return putUnusual(field, value, sink, offset);
      sink.view.setBigInt64(offset, value, true);
      return offset + 8;
    case ScalarType.BOOL:
      sink.buffer[offset] = value ? 1 : 0;
      return offset + 1;
    case ScalarType.STRING:
      return putString(field, value, sink, offset);
    case ScalarType.BYTES:
      return putBytes(field, value, sink, offset);
  }
}

/** As {@link putScalar}, for a DOUBLE. */
export function putDouble(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (typeof value !== "number") return putUnusual(field, value, sink, offset);
  sink.view.setFloat64(offset, value, true);
  return offset + 8;
}

/** As {@link putScalar}, for an INT32 or an enum. */
export function putInt32(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!isInt32(value)) return putUnusual(field, value, sink, offset);
  return value < 0 ? putVarint64(sink.buffer, offset, value, -1) : putVarint32(sink.buffer, offset, value);
}

/** As {@link putScalar}, for an INT64. */
export function putInt64(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!isInt64(value)) return putUnusual(field, value, sink, offset);
  const view = sink.view;
  view.setBigInt64(offset, value, true); // to split it into halves: the varint overwrites it
  return putVarint64(sink.buffer, offset, view.getInt32(offset, true), view.getInt32(offset + 4, true));
}

/** As {@link putScalar}, for a STRING. */
export function putString(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  return typeof value === "string" ? putText(value, sink, offset) : putUnusual(field, value, sink, offset);
}

function putUint32(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!isUint32(value)) return putUnusual(field, value, sink, offset);
  return putVarint32(sink.buffer, offset, value);
}

function putUint64(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!isUint64(value)) return putUnusual(field, value, sink, offset);
  const view = sink.view;
  view.setBigUint64(offset, value, true);
  return putVarint64(sink.buffer, offset, view.getInt32(offset, true), view.getInt32(offset + 4, true));
}

function putSint32(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!isInt32(value)) return putUnusual(field, value, sink, offset);
  return putVarint32(sink.buffer, offset, ((value << 1) ^ (value >> 31)) >>> 0);
}

function putSint64(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!isInt64(value)) return putUnusual(field, value, sink, offset);
  const view = sink.view;
  view.setBigInt64(offset, value, true);
  const low = view.getInt32(offset, true);
  const high = view.getInt32(offset + 4, true);
  const sign = high >> 31;
  return putVarint64(sink.buffer, offset, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}

function putFloat(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (typeof value !== "number") return putUnusual(field, value, sink, offset);
  const overflows = Number.isFinite(value) && !Number.isFinite(Math.fround(value));
  if (overflows) return putUnusual(field, value, sink, offset);
  sink.view.setFloat32(offset, value, true);
  return offset + 4;
}

function putBytes(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  if (!(value instanceof Uint8Array)) return putUnusual(field, value, sink, offset);
  sink.ensureAt(offset, value.length + 5);
  const start = putVarint32(sink.buffer, offset, value.length);
  sink.buffer.set(value, start);
  return start + value.length;
}

function isInt32(value: unknown): value is number {
  return typeof value === "number" && value === (value | 0);
}

function isUint32(value: unknown): value is number {
  return typeof value === "number" && value === value >>> 0;
}

function isInt64(value: unknown): value is bigint {
  return typeof value === "bigint" && value === BigInt.asIntN(64, value);
}

function isUint64(value: unknown): value is bigint {
  return typeof value === "bigint" && value === BigInt.asUintN(64, value);
}

// The length in UTF-16 units up to which a loop over characters is faster than a call of native code. It is below 128,
// so that the encoded length has one byte.
const shortTextChars = 24;

// The length in UTF-16 units up to which it is faster to ensure space for the longest encoding than to measure the
// text.
const unmeasuredTextChars = 256;
const maxBytesPerChar = 3;

const maxLengthBytes = 5;

/** Writes text at an offset, as UTF-8 after its length. Lone surrogates become U+FFFD. Returns the offset after it. */
function putText(value: string, sink: ByteSink, offset: number): number {
  const length = value.length;
  if (length > shortTextChars) return putLongText(value, sink, offset);
  sink.ensureAt(offset, length + 1);
  const buffer = sink.buffer;
  buffer[offset] = length;
  let end = offset + 1;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0x7f) return putLongText(value, sink, offset);
    buffer[end++] = code;
  }
  return end;
}

function putLongText(value: string, sink: ByteSink, offset: number): number {
  const chars = value.length;
  const maxBytes = chars <= unmeasuredTextChars ? chars * maxBytesPerChar : Buffer.byteLength(value);
  sink.ensureAt(offset, maxLengthBytes + maxBytes);
  const buffer = sink.buffer;
  const start = offset + varint32Size(chars); // right for ASCII
  const bytes = buffer.write(value, start);
  const finalStart = offset + varint32Size(bytes);
  if (finalStart !== start) buffer.copyWithin(finalStart, start, start + bytes);
  return putVarint32(buffer, offset, bytes) + bytes;
}

/**
 * Writes a value whose type is not the usual one of its field, at an offset. Converts some values as protobuf-es does:
 * numbers and digits to 64-bit integers, anything to text. Returns the offset after it. Throws an error with the name
 * of the field for other values.
 */
function putUnusual(field: ScalarField, value: unknown, sink: ByteSink, offset: number): number {
  let bytes: Uint8Array;
  try {
    const writer = new BinaryWriter();
    writeAs[field.scalar](writer, value as never);
    bytes = writer.finish();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`cannot encode field ${field.label} to binary: ${error.message}`);
  }
  sink.ensureAt(offset, bytes.length);
  sink.buffer.set(bytes, offset);
  return offset + bytes.length;
}

const writeAs: Record<ScalarType, (writer: BinaryWriter, value: never) => BinaryWriter> = {
  [ScalarType.DOUBLE]: (writer, value) => writer.double(value),
  [ScalarType.FLOAT]: (writer, value) => writer.float(value),
  [ScalarType.INT64]: (writer, value) => writer.int64(value),
  [ScalarType.UINT64]: (writer, value) => writer.uint64(value),
  [ScalarType.INT32]: (writer, value) => writer.int32(value),
  [ScalarType.FIXED64]: (writer, value) => writer.fixed64(value),
  [ScalarType.FIXED32]: (writer, value) => writer.fixed32(value),
  [ScalarType.BOOL]: (writer, value) => writer.bool(value),
  [ScalarType.STRING]: (writer, value) => writer.string(value),
  [ScalarType.BYTES]: (writer, value) => writer.bytes(value),
  [ScalarType.UINT32]: (writer, value) => writer.uint32(value),
  [ScalarType.SFIXED32]: (writer, value) => writer.sfixed32(value),
  [ScalarType.SFIXED64]: (writer, value) => writer.sfixed64(value),
  [ScalarType.SINT32]: (writer, value) => writer.sint32(value),
  [ScalarType.SINT64]: (writer, value) => writer.sint64(value),
};

/** Whether a value is the zero value of its field: a field with implicit presence is then not written. */
export function isZeroValue(field: ScalarFieldPlan, value: unknown): boolean {
  if (field.enumZero !== undefined) return value === field.enumZero;
  switch (field.scalar) {
    case ScalarType.BOOL:
      return value === false;
    case ScalarType.STRING:
      return value === "";
    case ScalarType.BYTES:
      return value instanceof Uint8Array && value.byteLength === 0;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return Object.is(value, 0); // -0 is written
    default:
      if (typeof value === "bigint") return !value; // faster than a comparison
      // biome-ignore lint/suspicious/noDoubleEquals: protobuf-es also takes "0" for zero
      return typeof value === "number" ? value === 0 : (value as number) == 0;
  }
}
