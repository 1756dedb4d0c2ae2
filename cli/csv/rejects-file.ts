import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "csv-stringify/sync";
import { CsvFileError } from "./csv-file.ts";

/** A rejected line. */
export interface Reject {
  readonly file: string;
  /** The number of its first line, from 1. */
  readonly line: number;
  readonly reason: string;
  /** The content, without the line end. */
  readonly text: string;
}

const columns = ["file", "line", "reason", "text"];

/** How many rejects are buffered before a write. */
const maxBuffered = 500;

/**
 * A CSV file of rejected lines, with the columns file, line, reason and text. It is created for the first reject. The file
 * of an earlier run is removed at the start. Any other file is refused with a {@link CsvFileError}.
 */
export class RejectsFile implements Disposable {
  readonly path: string;
  #buffer: Reject[] = [];
  #file: number | undefined;
  #count = 0;

  constructor(path: string) {
    this.path = path;
    refuseOtherFile(path);
    rmSync(path, { force: true });
  }

  /** The number of rejects. */
  get count(): number {
    return this.#count;
  }

  add(reject: Reject): void {
    this.#count++;
    this.#buffer.push({ ...reject, text: reject.text.replace(/\r$/, "") });
    if (this.#buffer.length >= maxBuffered) this.#flush();
  }

  [Symbol.dispose](): void {
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #flush(): void {
    if (this.#buffer.length === 0) return;
    const header = this.#file === undefined;
    this.#file ??= openSync(this.path, "w");
    writeSync(this.#file, stringify(this.#buffer, { header, columns }));
    this.#buffer = [];
  }
}

/** Refuses a file that is no file of rejected lines: a typing error must not delete it. */
function refuseOtherFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.isFile() && (stats.size === 0 || startsWithHeader(path)))) return;
  throw new CsvFileError(`${path} exists, and is no file of rejected lines: choose another file with --rejects`);
}

function startsWithHeader(path: string): boolean {
  const header = `${columns.join(",")}\n`;
  const start = Buffer.alloc(header.length);
  const file = openSync(path, "r");
  try {
    readSync(file, start);
  } finally {
    closeSync(file);
  }
  return start.toString() === header;
}

/**
 * Yields each input file with the file of its rejects: one for all at `path`, or `FILE.rejects.csv` beside each. Throws a
 * {@link CsvFileError} if a rejects file is an input file.
 */
export function* withRejects<File extends { readonly path: string }>(
  files: readonly File[],
  path?: string,
): Generator<{ readonly file: File; readonly rejects: RejectsFile }, void, undefined> {
  const open = (rejects: string) => {
    if (!files.some((file) => resolve(file.path) === resolve(rejects))) return new RejectsFile(rejects);
    throw new CsvFileError(`${rejects} is an input file: rejected lines cannot be written there`);
  };
  using shared = path === undefined ? undefined : open(path);
  for (const file of files) {
    using own = shared === undefined ? open(`${file.path}.rejects.csv`) : undefined;
    const rejects = shared ?? own;
    if (rejects !== undefined) yield { file, rejects };
  }
}
