/** The smallest chunk, in bytes. Below it the overhead of a call exceeds the cost of the bytes. */
export const minChunkBytes = 16 * 1024;

/** The number of fast chunks in a row after which the size doubles. */
const growAfterChunks = 4;

/**
 * The longest time of a fast chunk, in milliseconds: a chunk of twice the size still takes far less than the timeout of
 * a server.
 */
const fastMs = 5_000;

/** Adapts the size of chunks to the connection: halves it after a failure, and doubles it after fast chunks. */
export class AdaptiveChunkSize {
  readonly #maxBytes: number;
  #bytes: number;
  #fastChunks = 0;

  /** @param maxBytes the limit of the server */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#bytes = maxBytes;
  }

  /** The size of the next chunk, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Records that a chunk was stored, and the time that it took in milliseconds. */
  succeed(millis: number): void {
    this.#fastChunks = millis <= fastMs ? this.#fastChunks + 1 : 0;
    if (this.#fastChunks < growAfterChunks) return;
    this.#fastChunks = 0;
    this.#bytes = Math.min(this.#maxBytes, this.#bytes * 2);
  }

  /** Records that a chunk was lost. */
  fail(): void {
    this.#fastChunks = 0;
    this.#bytes = Math.min(this.#maxBytes, Math.max(minChunkBytes, Math.floor(this.#bytes / 2)));
  }
}
