import { type FileHandle, open } from "node:fs/promises";
import { stringify } from "csv-stringify/sync";

/**
 * The lines of a file that were not taken, each with its number, the reason, and its text, as a CSV. The file is made
 * with the first of them: where none was rejected, there is none.
 */
export class RejectedFile implements AsyncDisposable {
  readonly path: string;
  #file: FileHandle | undefined;
  #written: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** How many lines were rejected. */
  get count(): number {
    return this.#count;
  }

  /** Resolves once the line is in the file, behind those that came before. */
  add(line: number, reason: string, text: string): Promise<void> {
    this.#count++;
    this.#written = this.#written.then(() => this.#append([line, reason, text]));
    return this.#written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#written.catch(() => {}); // `add` has told
    await this.#file?.close();
  }

  async #append(row: readonly (string | number)[]): Promise<void> {
    const isFirst = this.#file === undefined;
    this.#file ??= await open(this.path, "w");
    await this.#file.appendFile(stringify(isFirst ? [["line", "reason", "text"], row] : [row]));
  }
}
