import { hash } from "node:crypto";
import { basename } from "node:path";

/** The most names that are counted: beyond them, a file has to tell its ids. */
export const maxNames = 1_000_000;

/**
 * The ids of products whose file does not tell them, made from the file's name, the product's name, and how many
 * products of the file had that name before: the same file gives the same ids again, wherever it stands.
 */
export class ProductIds {
  readonly #file: string;
  readonly #counts = new Map<string, number>();

  constructor(path: string) {
    this.#file = basename(path);
  }

  /** The id of the next product of the file. Throws an error where there are too many names. */
  next(name: string): string {
    const before = this.#counts.get(name) ?? 0;
    if (this.#counts.size >= maxNames && before === 0) {
      throw new Error(`there are more than ${maxNames} names: give the file a column of ids`);
    }
    this.#counts.set(name, before + 1);
    return uuidOf(JSON.stringify(["bourse import", this.#file, name, before]));
  }
}

/** A UUID of version 8. */
function uuidOf(text: string): string {
  const digits = hash("sha256", text, "hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`];
  return [...parts, digits.slice(20, 32)].join("-");
}
