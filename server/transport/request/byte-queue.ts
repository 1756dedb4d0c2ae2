/** The size of the largest block, in bytes. Smaller chunks are copied into blocks. */
const maxBlockBytes = 16 * 1024;

/** The size of the first block, in bytes. Blocks grow with the number of queued bytes. */
const minBlockBytes = 256;

/**
 * A queue of bytes. Chunks that queue up are copied into blocks: each chunk is an object of a few hundred bytes, and a client
 * may send every byte in a separate frame. A chunk that is added to an empty queue is not copied, because most are removed
 * at once. If bytes stay in the queue, call {@link ownBytes}.
 */
export class ByteQueue {
  /** The number of queued bytes. */
  byteLength = 0;
  #chunks: Uint8Array[] = [];
  /** The index of the first queued chunk, and the offset of its first queued byte. Long arrays are slow to shift. */
  #first = 0;
  #offset = 0;
  /** The number of bytes in the last chunk if it is a block with free space; else 0. */
  #blockUsed = 0;
  /** Whether the first chunk is a small part of a buffer that others use too. */
  #sharesBuffer = false;

  push(chunk: Uint8Array): void {
    const queued = this.byteLength;
    this.byteLength += chunk.byteLength;
    if (queued === 0) this.#sharesBuffer = chunk.byteLength < maxBlockBytes;
    if (queued === 0 || chunk.byteLength >= maxBlockBytes) this.#append(chunk);
    else this.#copyIntoBlocks(chunk, queued);
  }

  /**
   * Copies the first chunk unless it is large or was copied before. Node's chunks are parts of a buffer of up to 64 KiB that
   * it has read from the connection: one queued byte would keep all of the buffer in memory, uncounted.
   */
  ownBytes(): void {
    if (!this.#sharesBuffer) return;
    this.#sharesBuffer = false;
    const chunk = this.#firstChunk();
    if (chunk === undefined) return;
    this.#chunks[this.#first] = withOwnBuffer(chunk);
    this.#offset = 0;
  }

  /** Removes the first chunk, or the rest of it. Returns undefined if the queue is empty. */
  shift(): Uint8Array | undefined {
    const chunk = this.#firstChunk();
    if (chunk === undefined) return undefined;
    this.#drop(chunk.byteLength);
    return chunk;
  }

  /** Returns the byte at an offset; 0 if the queue is shorter. */
  at(offset: number): number {
    let position = this.#offset + offset;
    if (offset >= this.byteLength) return 0;
    for (let index = this.#first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined || position < chunk.byteLength) return chunk?.[position] ?? 0;
      position -= chunk.byteLength;
    }
    return 0;
  }

  /** Removes up to the given number of bytes. */
  skip(bytes: number): void {
    for (let left = Math.min(bytes, this.byteLength); left > 0; ) {
      const part = Math.min(left, this.#firstLength || left);
      this.#drop(part);
      left -= part;
    }
  }

  /**
   * Removes the given number of bytes, which must be queued. Returns a part of a chunk if it has them all, else a copy.
   */
  take(bytes: number): Uint8Array {
    const first = this.#chunks[this.#first];
    if (first !== undefined && this.#firstLength >= bytes) {
      const taken = first.subarray(this.#offset, this.#offset + bytes);
      this.#drop(bytes);
      return taken;
    }
    const taken = Buffer.allocUnsafeSlow(bytes);
    for (let filled = 0; filled < bytes; ) {
      const part = this.#firstChunk()?.subarray(0, bytes - filled);
      if (part === undefined) break;
      taken.set(part, filled);
      filled += part.byteLength;
      this.#drop(part.byteLength);
    }
    return taken;
  }

  clear(): void {
    this.byteLength = 0;
    this.#reset();
  }

  #append(chunk: Uint8Array): void {
    this.#closeBlock();
    this.#chunks.push(chunk);
  }

  #copyIntoBlocks(chunk: Uint8Array, queued: number): void {
    let rest = chunk;
    while (rest.byteLength > 0) {
      if (this.#blockUsed === 0) {
        const bytes = Math.min(maxBlockBytes, Math.max(minBlockBytes, queued, rest.byteLength));
        this.#chunks.push(Buffer.allocUnsafeSlow(bytes));
      }
      const block = this.#chunks.at(-1) as Uint8Array;
      const part = rest.subarray(0, block.byteLength - this.#blockUsed);
      block.set(part, this.#blockUsed);
      const used = this.#blockUsed + part.byteLength;
      this.#blockUsed = used < block.byteLength ? used : 0;
      rest = rest.subarray(part.byteLength);
    }
  }

  /** Cuts the free space off the last block. */
  #closeBlock(): void {
    if (this.#blockUsed === 0) return;
    const block = this.#chunks.pop() as Uint8Array;
    this.#chunks.push(block.subarray(0, this.#blockUsed));
    this.#blockUsed = 0;
  }

  #firstChunk(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#first];
    const length = this.#firstLength;
    return length === chunk?.byteLength ? chunk : chunk?.subarray(this.#offset, this.#offset + length);
  }

  /** The number of queued bytes in the first chunk; 0 if the queue is empty. */
  get #firstLength(): number {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return 0;
    const isOpenBlock = this.#blockUsed > 0 && this.#first === this.#chunks.length - 1;
    return (isOpenBlock ? this.#blockUsed : chunk.byteLength) - this.#offset;
  }

  /** Removes bytes of the first chunk. */
  #drop(bytes: number): void {
    this.byteLength -= bytes;
    if (this.byteLength === 0) {
      this.#reset();
      return;
    }
    this.#offset += bytes;
    const first = this.#chunks[this.#first];
    if (first === undefined || this.#offset < first.byteLength) return;
    this.#offset = 0;
    this.#sharesBuffer = false;
    this.#chunks[this.#first++] = removedChunk;
    if (this.#first < this.#chunks.length / 2) return;
    this.#chunks.splice(0, this.#first);
    this.#first = 0;
  }

  #reset(): void {
    if (this.#chunks.length === 1)
      this.#chunks.pop(); // keeps the memory of the array for the next chunk
    else this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#blockUsed = 0;
    this.#sharesBuffer = false;
  }
}

/** Returns bytes unchanged, or a copy if they are a small part of a buffer, which they would keep in memory. */
export function withOwnBuffer(bytes: Uint8Array): Uint8Array {
  const isSmallPart = bytes.byteLength < maxBlockBytes && bytes.buffer.byteLength > bytes.byteLength;
  return isSmallPart ? new Uint8Array(bytes) : bytes; // `slice` does not copy a Buffer
}

/** Replaces a removed chunk in the array, so that its memory is freed. */
const removedChunk = new Uint8Array(0);
