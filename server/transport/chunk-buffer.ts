/**
 * Chunks below that are put together: each takes some hundred bytes besides its own, and a client may send a message in
 * chunks of one byte.
 */
const smallChunkBytes = 1024;

/** The memory that small chunks are copied to, one after the other. */
const slabBytes = 4 * 1024;

/** What is smaller is copied when it is taken: whoever keeps it would keep the whole chunk with it. */
const copiedBytes = 4 * 1024;

/** Bytes in the order of their arrival, in chunks. */
export class ChunkBuffer {
  /** How many bytes there are. */
  available = 0;
  // The first one counts from `#offset` on.
  #chunks: Uint8Array[] = [];
  #offset = 0;
  // Where the last chunk is the beginning of a slab.
  #slab: Uint8Array | undefined;

  /** Adds a chunk, which must not change any more. */
  push(chunk: Uint8Array): void {
    this.available += chunk.byteLength;
    const last = this.#chunks.at(-1);
    if (chunk.byteLength >= smallChunkBytes || last === undefined || !this.#append(last, chunk)) {
      this.#chunks.push(chunk);
      this.#slab = undefined;
    }
  }

  /** The byte at a place; 0 behind the end. */
  peek(at: number): number {
    let place = this.#offset + at;
    for (const chunk of this.#chunks) {
      if (place < chunk.byteLength) return chunk[place] ?? 0;
      place -= chunk.byteLength;
    }
    return 0;
  }

  /** Takes so many bytes, of which there must be as many. */
  take(size: number): Uint8Array {
    const [first] = this.#chunks;
    if (first !== undefined && first.byteLength - this.#offset >= size) {
      const start = this.#offset;
      const bytes = size < copiedBytes ? first.slice(start, start + size) : first.subarray(start, start + size);
      this.skip(size);
      return bytes;
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    let filled = 0;
    while (filled < size) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(this.#offset, this.#offset + size - filled);
      bytes.set(part, filled);
      filled += part.byteLength;
      this.skip(part.byteLength);
    }
    return bytes;
  }

  /** Takes the first chunk; undefined if there is none. */
  shift(): Uint8Array | undefined {
    const [first] = this.#chunks;
    if (first === undefined) return undefined;
    const rest = this.#offset === 0 ? first : first.subarray(this.#offset);
    this.skip(rest.byteLength);
    return rest;
  }

  /** Drops so many bytes. */
  skip(count: number): void {
    this.available -= count;
    this.#offset += count;
    let done = 0;
    for (;;) {
      const chunk = this.#chunks[done];
      if (chunk === undefined || this.#offset < chunk.byteLength) break;
      this.#offset -= chunk.byteLength;
      done++;
    }
    if (done > 0) this.#chunks = done === this.#chunks.length ? [] : this.#chunks.slice(done);
    if (this.#chunks.length === 0) this.#slab = undefined;
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks = [];
    this.#slab = undefined;
    this.#offset = 0;
    this.available = 0;
  }

  /** Copies a small chunk behind the last one, if that is small, too. */
  #append(last: Uint8Array, chunk: Uint8Array): boolean {
    const end = last.byteLength + chunk.byteLength;
    if (this.#slab === undefined) {
      if (last.byteLength >= smallChunkBytes) return false;
      this.#slab = new Uint8Array(slabBytes);
      this.#slab.set(last);
    }
    if (end > slabBytes) return false;
    this.#slab.set(chunk, last.byteLength);
    this.#chunks[this.#chunks.length - 1] = this.#slab.subarray(0, end);
    return true;
  }
}
