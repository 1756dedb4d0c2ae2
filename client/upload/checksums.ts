import { createCRC32, createSHA256 } from "hash-wasm";
import { yieldToEventLoop } from "../shared/timers.ts";
import { readSlice, type UploadSource } from "./upload-source.ts";

/** Computes the SHA-256 of a whole file, 32 bytes. Rejects if the signal aborts or the file cannot be read. */
export type FileHash = (source: UploadSource, signal: AbortSignal) => Promise<Uint8Array>;

/** An incremental SHA-256, such as Node's `createHash("sha256")`. */
export interface RunningHash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Computes the CRC32C of a chunk. */
export type Crc32c = (bytes: Uint8Array) => number;

/** How much is read and hashed at a time, in bytes. It blocks the event loop for some milliseconds. */
const sliceBytes = 512 * 1024;

/** The Castagnoli polynomial in reversed bit order (RFC 3720, section 12.1). */
const castagnoli = 0x82f63b78;

/**
 * Makes a {@link FileHash} that reads a file in slices. It holds one slice in memory, and yields to the event loop
 * between slices.
 *
 * @param newHash makes a faster hash of the platform; the default is WebAssembly
 */
export function hashInSlices(newHash: () => RunningHash | Promise<RunningHash> = newSha256): FileHash {
  return async (source, signal) => {
    const hash = await newHash();
    for (let offset = 0; offset < source.size; offset += sliceBytes) {
      await yieldToEventLoop(); // awaiting a slice of a Blob does not
      signal.throwIfAborted();
      hash.update(await readSlice(source, offset, Math.min(source.size, offset + sliceBytes)));
    }
    signal.throwIfAborted();
    return hash.digest();
  };
}

/** Makes a function that computes CRC32C, in WebAssembly. Rejects if the platform or a page's policy forbids that. */
export async function newCrc32c(): Promise<Crc32c> {
  const hash = await createCRC32(castagnoli);
  return (bytes) => {
    const digest = hash.init().update(bytes).digest("binary");
    return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getUint32(0);
  };
}

async function newSha256(): Promise<RunningHash> {
  const hash = (await createSHA256()).init();
  return { update: (bytes) => hash.update(bytes), digest: () => hash.digest("binary") };
}
