import { ScalarType } from "@bufbuild/protobuf";
import type { ByteSink } from "./byte-sink.ts";
import type { ScalarField } from "./message-plan.ts";
import { putText } from "./put-text.ts";
import { putUnusual } from "./put-unusual.ts";
import { putVarint32, putVarint64 } from "./varint.ts";

/**
 * Writes a value of a scalar or enum field at `place`, without a tag. Room for a varint must be there; text and bytes
 * make their own. Returns where it ends. Throws an error that names the field where the value does not fit.
 */
export function putScalar(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  switch (field.scalar) {
    case ScalarType.DOUBLE:
      return putDouble(field, value, sink, place);
    case ScalarType.FLOAT:
      return putFloat(field, value, sink, place);
    case ScalarType.INT32:
      return putInt32(field, value, sink, place);
    case ScalarType.INT64:
      return putInt64(field, value, sink, place);
    case ScalarType.UINT32:
      return putUint32(field, value, sink, place);
    case ScalarType.UINT64:
      return putUint64(field, value, sink, place);
    case ScalarType.SINT32:
      return putSint32(field, value, sink, place);
    case ScalarType.SINT64:
      return putSint64(field, value, sink, place);
    case ScalarType.FIXED32:
      if (!isUint32(value)) return putUnusual(field, value, sink, place);
      sink.view.setUint32(place, value, true);
      return place + 4;
    case ScalarType.SFIXED32:
      if (!isInt32(value)) return putUnusual(field, value, sink, place);
      sink.view.setInt32(place, value, true);
      return place + 4;
    case ScalarType.FIXED64:
      if (!isUint64(value)) return putUnusual(field, value, sink, place);
      sink.view.setBigUint64(place, value, true);
      return place + 8;
    case ScalarType.SFIXED64:
      if (!isInt64(value)) return putUnusual(field, value, sink, place);
      sink.view.setBigInt64(place, value, true);
      return place + 8;
    case ScalarType.BOOL:
      sink.buffer[place] = value ? 1 : 0;
      return place + 1;
    case ScalarType.STRING:
      return putString(field, value, sink, place);
    case ScalarType.BYTES:
      return putBytes(field, value, sink, place);
  }
}

/** As {@link putScalar}, for a DOUBLE. */
export function putDouble(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (typeof value !== "number") return putUnusual(field, value, sink, place);
  sink.view.setFloat64(place, value, true);
  return place + 8;
}

/** As {@link putScalar}, for an INT32 or an enum. */
export function putInt32(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!isInt32(value)) return putUnusual(field, value, sink, place);
  return value < 0 ? putVarint64(sink.buffer, place, value, -1) : putVarint32(sink.buffer, place, value);
}

/** As {@link putScalar}, for an INT64. */
export function putInt64(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!isInt64(value)) return putUnusual(field, value, sink, place);
  const view = sink.view;
  view.setBigInt64(place, value, true); // only to take it apart: the varint overwrites it
  return putVarint64(sink.buffer, place, view.getInt32(place, true), view.getInt32(place + 4, true));
}

/** As {@link putScalar}, for a STRING. */
export function putString(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  return typeof value === "string" ? putText(value, sink, place) : putUnusual(field, value, sink, place);
}

function putUint32(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!isUint32(value)) return putUnusual(field, value, sink, place);
  return putVarint32(sink.buffer, place, value);
}

function putUint64(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!isUint64(value)) return putUnusual(field, value, sink, place);
  const view = sink.view;
  view.setBigUint64(place, value, true);
  return putVarint64(sink.buffer, place, view.getInt32(place, true), view.getInt32(place + 4, true));
}

function putSint32(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!isInt32(value)) return putUnusual(field, value, sink, place);
  return putVarint32(sink.buffer, place, ((value << 1) ^ (value >> 31)) >>> 0);
}

function putSint64(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!isInt64(value)) return putUnusual(field, value, sink, place);
  const view = sink.view;
  view.setBigInt64(place, value, true);
  const low = view.getInt32(place, true);
  const high = view.getInt32(place + 4, true);
  const sign = high >> 31;
  return putVarint64(sink.buffer, place, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}

function putFloat(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (typeof value !== "number") return putUnusual(field, value, sink, place);
  const overflows = Number.isFinite(value) && !Number.isFinite(Math.fround(value));
  if (overflows) return putUnusual(field, value, sink, place);
  sink.view.setFloat32(place, value, true);
  return place + 4;
}

function putBytes(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  if (!(value instanceof Uint8Array)) return putUnusual(field, value, sink, place);
  sink.ensureAt(place, value.length + 5);
  const start = putVarint32(sink.buffer, place, value.length);
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
