import { FileRangeError } from "../upload-errors.ts";
import type { DiskFile } from "./disk.ts";

/** How much a response has: larger ones gained nothing, and a quarter of the largest message may be sent. */
const downloadChunkBytes = 256 * 1024;

/** A part of a file. */
export interface FileRange {
  readonly offset: number;
  /** 0: all the rest. */
  readonly length: number;
}

/** The end of a range in a file. Throws a {@link FileRangeError} where it begins behind the file. */
export function endOfRange({ offset, length }: FileRange, size: number): number {
  if (offset > size) throw new FileRangeError(offset, size);
  return length === 0 ? size : Math.min(size, offset + length);
}

/**
 * Reads a part of a file. The next chunk is read while the one before it is sent, so two are in memory at a time.
 * Rejects where the file ends before `end`.
 */
export async function* readRange(file: DiskFile, offset: number, end: number): AsyncGenerator<Uint8Array> {
  let next = readChunk(file, offset, end);
  for (let at = offset; at < end; ) {
    const chunk = await next;
    at += chunk.byteLength;
    next = readChunk(file, at, end);
    next.catch(() => {}); // Told when it is waited for, unless the reader goes away before.
    yield chunk;
  }
}

async function readChunk(file: DiskFile, at: number, end: number): Promise<Uint8Array> {
  const chunk = Buffer.allocUnsafeSlow(Math.max(0, Math.min(downloadChunkBytes, end - at)));
  const length = await file.read(chunk, at);
  if (length < chunk.byteLength) throw new Error(`the file ends at ${at + length}, before ${end}`);
  return chunk;
}
