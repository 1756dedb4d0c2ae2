import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import pLimit from "p-limit";
import type { Limits } from "./limits.ts";

/** Up to this size a message may become as much larger as it likes: it costs little, and zeros compress well. */
const freeBytes = 1024 * 1024;

/**
 * The same compressions, within limits: a message may not become too many times larger by decompression, and only so
 * many are decompressed at a time. Node would begin with all at once, and hold the half of each.
 */
export function limitDecompression(
  compressions: readonly Compression[],
  { maxCompressionRatio, maxDecompressions }: Limits,
): Compression[] {
  const inTurn = pLimit(maxDecompressions);
  return compressions.map((compression) => ({
    name: compression.name,
    compress: (bytes) => compression.compress(bytes),
    decompress: (bytes, readMaxBytes) =>
      inTurn(() => decompress(compression, bytes, readMaxBytes, maxCompressionRatio)),
  }));
}

async function decompress(
  compression: Compression,
  bytes: Uint8Array,
  readMaxBytes: number,
  maxRatio: number,
): Promise<Uint8Array> {
  const byRatio = Math.max(freeBytes, bytes.byteLength * maxRatio);
  if (byRatio >= readMaxBytes) return compression.decompress(bytes, readMaxBytes);
  try {
    return await compression.decompress(bytes, byRatio);
  } catch (error) {
    if (ConnectError.from(error).code !== Code.ResourceExhausted) throw error;
    const message = `${bytes.byteLength} compressed bytes become more than ${maxRatio} times as many: send them plain`;
    throw new ConnectError(message, Code.ResourceExhausted, undefined, undefined, error);
  }
}
