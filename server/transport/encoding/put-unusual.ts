import { ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { ByteSink } from "./byte-sink.ts";
import type { ScalarField } from "./message-plan.ts";

/**
 * Writes at `place` what is not of the type that a field's values usually have, just as protobuf-es does: it turns some
 * values into others (numbers and digits into 64-bit integers, anything into text), and throws where none would fit.
 * Returns where it ends. Throws an error that names the field.
 */
export function putUnusual(field: ScalarField, value: unknown, sink: ByteSink, place: number): number {
  let bytes: Uint8Array;
  try {
    const writer = new BinaryWriter();
    writeAs[field.scalar](writer, value as never);
    bytes = writer.finish();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`cannot encode field ${field.label} to binary: ${error.message}`);
  }
  sink.ensureAt(place, bytes.length);
  sink.buffer.set(bytes, place);
  return place + bytes.length;
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
