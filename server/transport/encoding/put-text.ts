import type { ByteSink } from "./byte-sink.ts";
import { putVarint32, varint32Size } from "./varint.ts";

// Up to here a loop over characters beats the call into native code. Below 128: its length is one byte.
const shortTextChars = 24;

// Up to here room for the longest encoding costs less than to measure the text first.
const unmeasuredTextChars = 256;
const maxBytesPerChar = 3;

const maxLengthBytes = 5;

/** Writes text and its length at `place`, as UTF-8; lone surrogates become U+FFFD. Returns where it ends. */
export function putText(value: string, sink: ByteSink, place: number): number {
  const length = value.length;
  if (length > shortTextChars) return putLongText(value, sink, place);
  sink.ensureAt(place, length + 1);
  const buffer = sink.buffer;
  buffer[place] = length;
  let end = place + 1;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0x7f) return putLongText(value, sink, place);
    buffer[end++] = code;
  }
  return end;
}

function putLongText(value: string, sink: ByteSink, place: number): number {
  const chars = value.length;
  const atMost = chars <= unmeasuredTextChars ? chars * maxBytesPerChar : Buffer.byteLength(value);
  sink.ensureAt(place, maxLengthBytes + atMost);
  const buffer = sink.buffer;
  const start = place + varint32Size(chars); // right for ASCII
  const bytes = buffer.write(value, start);
  const rightStart = place + varint32Size(bytes);
  if (rightStart !== start) buffer.copyWithin(rightStart, start, start + bytes);
  return putVarint32(buffer, place, bytes) + bytes;
}
