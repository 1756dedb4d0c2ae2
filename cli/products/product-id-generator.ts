import { hash } from "node:crypto";
import { basename } from "node:path";

/** The maximum number of different names in a file without ids. */
export const maxNames = 1_000_000;

/**
 * Makes the ids of products in a file without ids. An id is a hash of the file's name, the product's name, and the number
 * of earlier products with that name. So a second import of the file has the same ids, in any directory.
 */
export class ProductIdGenerator {
  readonly #file: string;
  readonly #counts = new Map<string, number>();

  constructor(path: string) {
    this.#file = basename(path);
  }

  /** The id of the next product. Throws an error above {@link maxNames} names. */
  next(name: string): string {
    const count = this.#counts.get(name) ?? 0;
    if (this.#counts.size >= maxNames && count === 0) {
      throw new Error(`the file has more than ${maxNames} product names: add a column of ids`);
    }
    this.#counts.set(name, count + 1);
    return uuidOf(JSON.stringify(["bourse import", this.#file, name, count]));
  }
}

/** A UUID of version 8 (RFC 9562, section 5.8). */
function uuidOf(text: string): string {
  const digits = hash("sha256", text, "hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`];
  return [...parts, digits.slice(20, 32)].join("-");
}
