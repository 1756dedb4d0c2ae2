import { FileRangeError } from "../upload-errors.ts";
import type { DiskFile } from "./disk-operations.ts";

/** The size of one read, and of one message of a download, in bytes. Larger ones gained nothing. */
const readBytes = 256 * 1024;

/** A range of a file. */
export interface FileRange {
  readonly offset: number;
  /** 0: to the end of the file. */
  readonly length: number;
}

/** Returns the end of a range in a file of `size` bytes. Throws a {@link FileRangeError} if it starts after the end. */
export function endOfRange({ offset, length }: FileRange, size: number): number {
  if (offset > size) throw new FileRangeError(offset, size);
  return length === 0 ? size : Math.min(size, offset + length);
}

/**
 * Reads a range of a file in parts. Reads one part ahead, so that two parts are in memory. Rejects if the file ends before
 * `end`.
 */
export async function* readFileRange(file: DiskFile, offset: number, end: number): AsyncGenerator<Uint8Array> {
  let next = readPart(file, offset, end);
  for (let position = offset; position < end; ) {
    const part = await next;
    position += part.byteLength;
    next = readPart(file, position, end);
    next.catch(() => {}); // The next iteration reports the error, unless the consumer has stopped.
    yield part;
  }
}

async function readPart(file: DiskFile, position: number, end: number): Promise<Uint8Array> {
  const part = Buffer.allocUnsafeSlow(Math.max(0, Math.min(readBytes, end - position)));
  const length = await file.read(part, position);
  if (length < part.byteLength) throw new Error(`the file ends at ${position + length}, before ${end}`);
  return part;
}
