import type { Message } from "@bufbuild/protobuf";
import type { ByteSink } from "./byte-sink.ts";
import { putVarint32, tagAndVarintBytes } from "./varint.ts";

/** Appends the fields that a message keeps without knowing them; extensions are among them. */
export function putUnknown(unknown: Message["$unknown"], sink: ByteSink): void {
  if (unknown === undefined) return;
  for (const { no, wireType, data } of unknown) {
    sink.ensure(tagAndVarintBytes + data.length);
    const place = putVarint32(sink.buffer, sink.position, ((no << 3) | wireType) >>> 0);
    sink.buffer.set(data, place);
    sink.position = place + data.length;
  }
}
