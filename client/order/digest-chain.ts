import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Computes a SHA-256, 32 bytes. The caller owns the result. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/**
 * The running digest of a stream, a hash chain. It starts with 32 zero bytes; each item makes it
 * SHA-256(digest, item). The bytes of a protobuf message are `toBinary(schema, message)`. Runs in browsers and in Node.
 */
export class DigestChain {
  #digest: Uint8Array;
  readonly #sha256: Sha256;

  /**
   * @param hash a faster hash of the platform; the default is in JavaScript
   * @param start the `hex` of a chain that this one continues
   */
  constructor(hash: Sha256 = sha256, start?: string) {
    this.#digest = start === undefined ? new Uint8Array(digestBytes) : hexToBytes(start);
    this.#sha256 = hash;
  }

  /** Adds an item. Does not keep the bytes. */
  add(item: Uint8Array): void {
    const input = new Uint8Array(digestBytes + item.length);
    input.set(this.#digest);
    input.set(item, digestBytes);
    this.#digest = this.#sha256(input);
  }

  /** The digest of all items, in lower-case hex. */
  get hex(): string {
    return bytesToHex(this.#digest);
  }
}

const digestBytes = 32;
