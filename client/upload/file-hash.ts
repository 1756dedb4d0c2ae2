import { createSHA256 } from "hash-wasm";
import { yieldToEventLoop } from "../shared/timers.ts";
import { readSlice } from "./read-slice.ts";
import type { UploadSource } from "./upload-source.ts";

/** Counts the SHA-256 of a whole file, 32 bytes. Rejects when the signal aborts, or the file cannot be read. */
export type FileHash = (source: UploadSource, signal: AbortSignal) => Promise<Uint8Array>;

/** A running SHA-256, as Node's `createHash("sha256")` is one. */
export interface RunningHash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** What is read at a time, in bytes: whoever else runs on the same thread waits for no longer than some milliseconds. */
const sliceBytes = 512 * 1024;

/**
 * Makes a {@link FileHash} that reads the file in slices, so that it never holds more than one of them and gives others
 * their turn in between.
 *
 * @param newHash where the platform has a faster one; the default is WebAssembly
 */
export function hashInSlices(newHash: () => RunningHash | Promise<RunningHash> = newSha256): FileHash {
  return async (source, signal) => {
    const hash = await newHash();
    for (let from = 0; from < source.size; from += sliceBytes) {
      await yieldToEventLoop(); // Reading a Blob gives others none.
      signal.throwIfAborted();
      hash.update(await readSlice(source, from, Math.min(source.size, from + sliceBytes)));
    }
    signal.throwIfAborted();
    return hash.digest();
  };
}

async function newSha256(): Promise<RunningHash> {
  const hash = (await createSHA256()).init();
  return { update: (bytes) => hash.update(bytes), digest: () => hash.digest("binary") };
}
