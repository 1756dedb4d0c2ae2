import { createHash, type Hash } from "node:crypto";
import type { Disk } from "../../file/disk-operations.ts";
import type { Hasher } from "../hasher.ts";

/** The bytes of one read. */
const sliceBytes = 1024 * 1024;

/** Computes hashes on demand in the calling thread: for tests on a simulated disk. */
export class ReadingHasher implements Hasher {
  readonly #disk: Disk;
  readonly #hashes = new Map<string, { readonly hash: Hash; position: number }>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  advance(): void {}

  async digest(id: string, path: string, end: number): Promise<string> {
    const hashed = this.#hashes.get(id) ?? { hash: createHash("sha256"), position: 0 };
    this.#hashes.set(id, hashed);
    await using file = await this.#disk.open(path, "read");
    const slice = Buffer.allocUnsafe(Math.min(sliceBytes, Math.max(1, end - hashed.position)));
    while (hashed.position < end) {
      const length = await file.read(slice.subarray(0, Math.min(slice.length, end - hashed.position)), hashed.position);
      if (length === 0) throw new Error(`${path} ends at ${hashed.position}, before ${end}`);
      hashed.hash.update(slice.subarray(0, length));
      hashed.position += length;
    }
    return hashed.hash.copy().digest("hex");
  }

  forget(id: string): void {
    this.#hashes.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hashes.clear();
  }
}
