import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** SHA-256 of some bytes: 32 bytes of the caller's own. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/**
 * A running digest of a stream, which whoever reads the stream can follow.
 *
 * With h of 32 zero bytes at first, each item makes h = SHA-256(h, item). What an item's bytes are, the documentation
 * of the stream says; for a protobuf message they are `toBinary(schema, message)`. Runs in browsers and in Node.
 */
export class DigestChain {
  #digest: Uint8Array;
  readonly #sha256: Sha256;

  /**
   * @param hash where the platform has a faster one; the default is written in JavaScript
   * @param start the `hex` of a chain that this one goes on from
   */
  constructor(hash: Sha256 = sha256, start?: string) {
    this.#digest = start === undefined ? new Uint8Array(digestBytes) : hexToBytes(start);
    this.#sha256 = hash;
  }

  /** Adds the next item. The bytes are not kept. */
  add(item: Uint8Array): void {
    const input = new Uint8Array(digestBytes + item.length);
    input.set(this.#digest);
    input.set(item, digestBytes);
    this.#digest = this.#sha256(input);
  }

  /** The digest of all items so far, in lower-case hex. */
  get hex(): string {
    return bytesToHex(this.#digest);
  }
}

const digestBytes = 32;
