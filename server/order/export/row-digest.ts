import { hash } from "node:crypto";

const digestBytes = 32;

/** Rows up to this length are hashed without memory of their own; most have some hundred bytes. */
const usualRowBytes = 1_024;

/**
 * The running digest of an export: h = SHA-256(h, row) for each row.
 *
 * Does for hundreds of thousands of rows what DigestChain does for a client: without any memory for each.
 */
export class RowDigest {
  /** The digest, and behind it the row that is hashed. */
  readonly #memory = Buffer.alloc(digestBytes + usualRowBytes);
  readonly #digest = this.#memory.subarray(0, digestBytes);
  /** Views of the memory by their length: to make one takes a third of the time to hash it. */
  readonly #views: (Buffer | undefined)[] = [];

  /** @param start the digest of all rows before */
  constructor(start: Uint8Array) {
    this.#digest.set(start);
  }

  /** The digest of all rows so far. Changes with the next row: copy what is to be kept. */
  get value(): Uint8Array {
    return this.#digest;
  }

  /** Adds the row that stands in `bytes` from `begin` to before `end`. */
  add(bytes: Uint8Array, begin: number, end: number): void {
    const length = end - begin;
    const input = length <= usualRowBytes ? this.#view(digestBytes + length) : Buffer.alloc(digestBytes + length);
    if (input.length > this.#memory.length) input.set(this.#digest);
    for (let from = begin, to = digestBytes; from < end; ) input[to++] = bytes[from++] as number;
    this.#memory.write(hash("sha256", input, "binary"), 0, digestBytes, "latin1");
  }

  #view(length: number): Buffer {
    const known = this.#views[length];
    if (known !== undefined) return known;
    const view = this.#memory.subarray(0, length);
    this.#views[length] = view;
    return view;
  }
}
