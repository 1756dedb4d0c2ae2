/** The least that a chunk has, in bytes: with less the call around it costs more than the bytes. */
export const smallestChunkBytes = 16 * 1024;

/** So many chunks in a row that arrive quickly let the next ones be larger. */
const steadyChunks = 4;

/** What is quick, in milliseconds: twice as large chunks would still arrive long before a server stops waiting. */
const quickMs = 5_000;

/**
 * How large the next chunk is. On a line that breaks chunks become smaller, so that they arrive between two breaks, and
 * on a good one larger again.
 */
export class ChunkSize {
  readonly #largest: number;
  #bytes: number;
  #steady = 0;

  /** @param largest the most bytes that the server takes */
  constructor(largest: number) {
    this.#largest = largest;
    this.#bytes = largest;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A chunk has arrived, after so many milliseconds. */
  arrived(millis: number): void {
    this.#steady = millis <= quickMs ? this.#steady + 1 : 0;
    if (this.#steady < steadyChunks) return;
    this.#steady = 0;
    this.#bytes = Math.min(this.#largest, this.#bytes * 2);
  }

  /** A chunk was lost on the way. */
  lost(): void {
    this.#steady = 0;
    this.#bytes = Math.min(this.#largest, Math.max(smallestChunkBytes, Math.floor(this.#bytes / 2)));
  }
}
