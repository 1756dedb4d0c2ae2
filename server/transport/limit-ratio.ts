import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";

/** Up to this size a message may become as much larger as it likes: it costs little, and zeros compress well. */
const freeBytes = 1024 * 1024;

/** The same compression, that refuses messages which become more than `maxRatio` times larger by decompression. */
export function limitRatio(compression: Compression, maxRatio: number): Compression {
  return {
    name: compression.name,
    compress: (bytes) => compression.compress(bytes),
    async decompress(bytes, readMaxBytes) {
      const byRatio = Math.max(freeBytes, bytes.byteLength * maxRatio);
      if (byRatio >= readMaxBytes) return compression.decompress(bytes, readMaxBytes);
      try {
        return await compression.decompress(bytes, byRatio);
      } catch (error) {
        if (ConnectError.from(error).code !== Code.ResourceExhausted) throw error;
        const message = `${bytes.byteLength} compressed bytes become more than ${maxRatio} times as many: send them plain`;
        throw new ConnectError(message, Code.ResourceExhausted, undefined, undefined, error);
      }
    },
  };
}
