/** Up to this size chunks are gathered. Blocks of gathered chunks are no larger. */
const maxBlockBytes = 16 * 1024;

/** The first block of gathered chunks; each further one is larger, as more is queued. */
const minBlockBytes = 256;

/**
 * Bytes in the order of their arrival. Chunks that queue up are gathered into blocks: as an object each takes some
 * hundred bytes, and a client may send every byte in a frame of its own. A chunk that comes alone is not copied.
 */
export class ChunkQueue {
  /** How many bytes are queued. */
  byteLength = 0;
  #chunks: Uint8Array[] = [];
  /** The first chunk that is queued, and what of it is taken. Arrays of many elements are slow to shift. */
  #first = 0;
  #offset = 0;
  /** How much of the last chunk is in use, if it is a block with space left; 0 otherwise. */
  #blockUsed = 0;

  push(chunk: Uint8Array): void {
    const queued = this.byteLength;
    this.byteLength += chunk.byteLength;
    if (queued === 0 || chunk.byteLength >= maxBlockBytes) this.#append(chunk);
    else this.#gather(chunk, queued);
  }

  /** Takes the first chunk, or what is left of it; undefined if nothing is queued. */
  shift(): Uint8Array | undefined {
    const chunk = this.#firstChunk();
    if (chunk === undefined) return undefined;
    this.#drop(chunk.byteLength);
    return chunk;
  }

  /** The byte at an offset; 0 if fewer are queued. */
  at(offset: number): number {
    let place = this.#offset + offset;
    if (offset >= this.byteLength) return 0;
    for (let index = this.#first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined || place < chunk.byteLength) return chunk?.[place] ?? 0;
      place -= chunk.byteLength;
    }
    return 0;
  }

  /** Drops up to that many bytes. */
  skip(bytes: number): void {
    for (let left = Math.min(bytes, this.byteLength); left > 0; ) {
      const part = Math.min(left, this.#firstChunk()?.byteLength ?? left);
      this.#drop(part);
      left -= part;
    }
  }

  /** Takes that many bytes, which must be queued: a part of a chunk if one has them all, else a copy. */
  take(bytes: number): Uint8Array {
    const first = this.#firstChunk();
    if (first !== undefined && first.byteLength >= bytes) {
      this.#drop(bytes);
      return first.subarray(0, bytes);
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

  #gather(chunk: Uint8Array, queued: number): void {
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

  /** What of the last block is not in use is not queued. */
  #closeBlock(): void {
    if (this.#blockUsed === 0) return;
    const block = this.#chunks.pop() as Uint8Array;
    this.#chunks.push(block.subarray(0, this.#blockUsed));
    this.#blockUsed = 0;
  }

  #firstChunk(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return undefined;
    const isOpenBlock = this.#blockUsed > 0 && this.#first === this.#chunks.length - 1;
    return chunk.subarray(this.#offset, isOpenBlock ? this.#blockUsed : chunk.byteLength);
  }

  /** Drops bytes of the first chunk. */
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
    this.#chunks[this.#first++] = nothing;
    if (this.#first < this.#chunks.length / 2) return;
    this.#chunks.splice(0, this.#first);
    this.#first = 0;
  }

  #reset(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    this.#blockUsed = 0;
  }
}

/** Stands for a chunk that is taken, so that it is not kept. */
const nothing = new Uint8Array(0);
