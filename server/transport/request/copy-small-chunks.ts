import type { Readable } from "node:stream";

/** Chunks of so many bytes are a large part of what Node has read with them, and are not copied. */
const sharedBytes = 16 * 1024;

/** The first block that a stream's chunks are copied into; each further one is larger, as more has come. */
const minBlockBytes = 64;

/**
 * Has a stream keep chunks of its own. Those that Node hands over are parts of what it has read from the connection, up
 * to 64 KiB: as long as a byte of that is kept, all of it is, and nobody counts it. A client could send a byte that
 * waits, and fill the rest with frames that are dropped.
 *
 * @param onSmallChunk called for each chunk that is copied
 */
export function copySmallChunks(stream: Readable, onSmallChunk: () => void = () => {}): void {
  const push = stream.push.bind(stream);
  let block = Buffer.alloc(0);
  let used = 0;
  let received = 0;
  stream.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
    if (chunk === null || chunk.byteLength >= sharedBytes) return push(chunk, encoding);
    const bytes = chunk.byteLength;
    onSmallChunk();
    if (used + bytes > block.byteLength) {
      block = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(sharedBytes, Math.max(minBlockBytes, received))));
      used = 0;
    }
    received += bytes;
    block.set(chunk, used);
    used += bytes;
    return push(block.subarray(used - bytes, used), encoding);
  };
}
