import { createHash, type Hash } from "node:crypto";
import type { Disk } from "../../file/disk.ts";
import type { Hasher } from "../hasher.ts";

/** How much is read at a time. */
const sliceBytes = 1024 * 1024;

/** Counts hashes where it runs, when they are asked for: for tests, whose disk is no real one. */
export class ReadingHasher implements Hasher {
  readonly #disk: Disk;
  readonly #counted = new Map<string, { readonly hash: Hash; at: number }>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  advance(): void {}

  async digest(id: string, path: string, end: number): Promise<string> {
    const counted = this.#counted.get(id) ?? { hash: createHash("sha256"), at: 0 };
    this.#counted.set(id, counted);
    await using file = await this.#disk.open(path, "read");
    const slice = Buffer.allocUnsafe(Math.min(sliceBytes, Math.max(1, end - counted.at)));
    while (counted.at < end) {
      const length = await file.read(slice.subarray(0, Math.min(slice.length, end - counted.at)), counted.at);
      if (length === 0) throw new Error(`${path} ends at ${counted.at}, before ${end}`);
      counted.hash.update(slice.subarray(0, length));
      counted.at += length;
    }
    return counted.hash.copy().digest("hex");
  }

  forget(id: string): void {
    this.#counted.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#counted.clear();
  }
}
