import { hash } from "node:crypto";

const digestBytes = 32;

/** The length in bytes up to which a row is hashed without an allocation. Most rows have a few hundred bytes. */
const usualRowBytes = 1_024;

/**
 * The running digest of an export: h = SHA-256(h, row) for each row. The same as DigestChain in the client, but without
 * an allocation per row.
 */
export class ExportDigest {
  /** The digest, followed by the row to hash. */
  readonly #memory = Buffer.alloc(digestBytes + usualRowBytes);
  readonly #digest = this.#memory.subarray(0, digestBytes);
  /** Views of the memory by their length: making one takes a third of the time of hashing it. */
  readonly #views: (Buffer | undefined)[] = [];

  /** @param start the digest of the earlier rows */
  constructor(start: Uint8Array) {
    this.#digest.set(start);
  }

  /** The digest of all rows so far. The next row overwrites it: copy it to keep it. */
  get value(): Uint8Array {
    return this.#digest;
  }

  /** Adds the row in `bytes` from `begin` up to, but not including, `end`. */
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
