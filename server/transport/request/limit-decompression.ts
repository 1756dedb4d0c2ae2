import { promisify } from "node:util";
import { brotliDecompress, brotliDecompressSync, gunzip, gunzipSync, type ZlibOptions } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import pLimit from "p-limit";
import type { Limits } from "../protection/default-limits.ts";

/**
 * The size of a decompressed message, in bytes, up to which the ratio is not limited: such a message costs little, and
 * zeros compress well.
 */
const freeBytes = 1024 * 1024;

/**
 * The compressed size of a message, in bytes, up to which it is decompressed synchronously, in at most a few
 * milliseconds. Node's threads take twenty times as long for a message of usual size, and queue it after large ones.
 */
const maxSyncBytes = 16 * 1024;

/**
 * The size of zlib's output buffers, in bytes. Node's default of 16 KiB would take four times as many turns of the
 * event loop.
 */
const chunkSize = 64 * 1024;

type Decompress<T> = (bytes: Uint8Array, options: ZlibOptions) => T;

const decompressSync: Record<string, Decompress<Buffer<ArrayBuffer>>> = { gzip: gunzipSync, br: brotliDecompressSync };

/** Connect's own functions are not used: they report INTERNAL for truncated data. */
const decompressAsync: Record<string, Decompress<Promise<Buffer<ArrayBuffer>>>> = {
  gzip: promisify<Uint8Array, ZlibOptions, Buffer<ArrayBuffer>>(gunzip),
  br: promisify<Uint8Array, ZlibOptions, Buffer<ArrayBuffer>>(brotliDecompress),
};

/**
 * Adds limits to compressions: on the ratio of a message's sizes, and on the number of large messages that are
 * decompressed at the same time. Node would start all at once, and hold a part of each in memory.
 */
export function limitDecompression(
  compressions: readonly Compression[],
  { maxCompressionRatio, maxDecompressions }: Limits,
): Compression[] {
  const limited = pLimit(maxDecompressions);
  return compressions.map((compression) => ({
    name: compression.name,
    compress: (bytes) => compression.compress(bytes),
    async decompress(bytes, readMaxBytes) {
      const maxBytes = Math.min(readMaxBytes, Math.max(freeBytes, bytes.byteLength * maxCompressionRatio));
      const options = { maxOutputLength: maxBytes, chunkSize };
      const sync = bytes.byteLength <= maxSyncBytes ? decompressSync[compression.name] : undefined;
      const async = decompressAsync[compression.name];
      try {
        if (bytes.byteLength === 0) return new Uint8Array(0);
        if (sync !== undefined) return sync(bytes, options);
        if (async !== undefined) return await limited(() => async(bytes, options));
        return await limited(() => compression.decompress(bytes, maxBytes));
      } catch (error) {
        if (isTooLarge(error)) {
          const message =
            `${bytes.byteLength} compressed bytes decompress to more than ${maxBytes} bytes, the limit for this message: ` +
            "send it uncompressed or send a smaller one";
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
