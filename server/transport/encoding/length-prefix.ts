import type { ByteSink } from "./byte-sink.ts";
import { putVarint32, varint32Size } from "./varint.ts";

/** Something with a length in front, which is written many times. */
export interface LengthGuess {
  /** How many bytes its last length took: the best guess for the next. */
  lengthBytes: number;
}

/** Leaves room for a length. Returns where the bytes begin that it counts. */
export function openLength(guess: LengthGuess, sink: ByteSink): number {
  sink.position += guess.lengthBytes;
  return sink.position;
}

/** Writes at `place` the length of what was written since `start`; moves that where the room was not right. */
export function closeLength(guess: LengthGuess, place: number, start: number, sink: ByteSink): void {
  const length = sink.position - start;
  if (length < 0x80 && start === place + 1) sink.buffer[place] = length;
  else closeLongLength(guess, place, start, sink);
}

function closeLongLength(guess: LengthGuess, place: number, start: number, sink: ByteSink): void {
  const end = sink.position;
  const length = end - start;
  const size = varint32Size(length);
  if (place + size !== start) {
    sink.ensure(size);
    sink.buffer.copyWithin(place + size, start, end);
    guess.lengthBytes = size;
  }
  putVarint32(sink.buffer, place, length);
  sink.position = place + size + length;
}
