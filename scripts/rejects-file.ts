import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "csv-stringify/sync";
import { CsvFileError } from "./csv-file.ts";

/** A line that was not imported. */
export interface Reject {
  readonly file: string;
  /** Where it begins, from 1 on. */
  readonly line: number;
  readonly reason: string;
  /** As it stands in the file, without its line end. */
  readonly text: string;
}

/** So many are written at once. */
const maxWaiting = 500;

/**
 * A CSV of what was not imported, with the columns file, line, reason and text. It is made for the first one; where
 * there is none, what an earlier run has left is removed, so that it is never of another run.
 */
export class RejectsFile implements Disposable {
  readonly path: string;
  #waiting: Reject[] = [];
  #file: number | undefined;
  #count = 0;

  constructor(path: string) {
    this.path = path;
    rmSync(path, { force: true });
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  add(reject: Reject): void {
    this.#count++;
    this.#waiting.push({ ...reject, text: reject.text.replace(/\r$/, "") });
    if (this.#waiting.length >= maxWaiting) this.#write();
  }

  [Symbol.dispose](): void {
    this.#write();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(): void {
    if (this.#waiting.length === 0) return;
    const header = this.#file === undefined;
    this.#file ??= openSync(this.path, "w");
    writeSync(this.#file, stringify(this.#waiting, { header, columns: ["file", "line", "reason", "text"] }));
    this.#waiting = [];
  }
}

/**
 * Yields each file that is to be imported with where its refused lines go: one file for all, or without a path
 * `FILE.rejects.csv` beside each. Throws a {@link CsvFileError} where that is one of the files.
 */
export function* withRejects<File extends { readonly path: string }>(
  files: readonly File[],
  path?: string,
): Generator<[File, RejectsFile], void, undefined> {
  const open = (rejects: string) => {
    if (!files.some((file) => resolve(file.path) === resolve(rejects))) return new RejectsFile(rejects);
    throw new CsvFileError(`${rejects} is to be imported: refused lines cannot be written there`);
  };
  using shared = path === undefined ? undefined : open(path);
  for (const file of files) {
    using own = shared === undefined ? open(`${file.path}.rejects.csv`) : undefined;
    const rejects = shared ?? own;
    if (rejects !== undefined) yield [file, rejects];
  }
}
