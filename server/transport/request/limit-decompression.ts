import { promisify } from "node:util";
import { brotliDecompress, brotliDecompressSync, gunzip, gunzipSync, type ZlibOptions } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import pLimit from "p-limit";
import type { Limits } from "../protection/limits.ts";

/** Up to this size a message may become as much larger as it likes: it costs little, and zeros compress well. */
const freeBytes = 1024 * 1024;

/**
 * Messages that are packed into no more are unpacked on the spot, in at most a few milliseconds. Node's threads would
 * take twenty times as long for a usual one, and make every other wait behind a large one.
 */
const onTheSpotBytes = 16 * 1024;

/** Node's own 16 KiB would make four times as many turns. */
const chunkSize = 64 * 1024;

type Decompress<T> = (bytes: Uint8Array, options: ZlibOptions) => T;

const onTheSpot: Record<string, Decompress<Buffer<ArrayBuffer>>> = { gzip: gunzipSync, br: brotliDecompressSync };

/** Not Connect's own, which answer INTERNAL for data that ends early, as in a gzip header without an end. */
const onThread: Record<string, Decompress<Promise<Buffer<ArrayBuffer>>>> = {
  gzip: promisify<Uint8Array, ZlibOptions, Buffer<ArrayBuffer>>(gunzip),
  br: promisify<Uint8Array, ZlibOptions, Buffer<ArrayBuffer>>(brotliDecompress),
};

/**
 * The same compressions, within limits: a message may not become too many times larger by decompression, and only so
 * many large ones are decompressed at a time. Node would begin with all at once, and hold the half of each.
 */
export function limitDecompression(
  compressions: readonly Compression[],
  { maxCompressionRatio, maxDecompressions }: Limits,
): Compression[] {
  const inTurn = pLimit(maxDecompressions);
  return compressions.map((compression) => ({
    name: compression.name,
    compress: (bytes) => compression.compress(bytes),
    async decompress(bytes, readMaxBytes) {
      const maxBytes = Math.min(readMaxBytes, Math.max(freeBytes, bytes.byteLength * maxCompressionRatio));
      const options = { maxOutputLength: maxBytes, chunkSize };
      const now = bytes.byteLength <= onTheSpotBytes ? onTheSpot[compression.name] : undefined;
      const later = onThread[compression.name];
      try {
        if (bytes.byteLength === 0) return new Uint8Array(0);
        if (now !== undefined) return now(bytes, options);
        if (later !== undefined) return await inTurn(() => later(bytes, options));
        return await inTurn(() => compression.decompress(bytes, maxBytes));
      } catch (error) {
        if (isTooLarge(error)) {
          const message = `${bytes.byteLength} compressed bytes become more than ${maxBytes}: send a smaller message`;
          throw new ConnectError(message, Code.ResourceExhausted, undefined, undefined, error);
        }
        if (error instanceof ConnectError) throw error;
        const message = `the message cannot be decompressed: it is not valid ${compression.name}, or incomplete`;
        throw new ConnectError(message, Code.InvalidArgument, undefined, undefined, error);
      }
    },
  }));
}

function isTooLarge(error: unknown): boolean {
  if (error instanceof ConnectError) return error.code === Code.ResourceExhausted;
  return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
}
