import { createReadStream, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { CsvLines, type encodings } from "./csv-lines.ts";
import { type CsvRow, CsvRows, type CsvRowsOptions } from "./csv-rows.ts";

/** How a file is written. */
export interface CsvFileOptions extends CsvRowsOptions {
  /** Default: utf-8. */
  readonly encoding?: (typeof encodings)[number];
  /** Whether a last line without a line end is taken for whole. */
  readonly mayEndOpen: boolean;
}

/** A file cannot be imported at all. The message names it. */
export class CsvFileError extends Error {
  override name = "CsvFileError";
}

/** So much is read at once, in bytes. */
const pieceBytes = 256 * 1024;

/** A CSV file, read from the beginning each time. */
export class CsvFile {
  readonly path: string;
  readonly #options: CsvFileOptions;

  constructor(path: string, options: CsvFileOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Yields its rows, the header first. Throws a {@link CsvFileError} where it cannot be read, or has none. */
  async *rows(signal?: AbortSignal): AsyncGenerator<CsvRow, void, undefined> {
    const { encoding = "utf-8", mayEndOpen } = this.#options;
    const lines = new CsvLines(encoding, mayEndOpen);
    const rows = new CsvRows(this.#options);
    let isEmpty = true;
    const told = (some: readonly CsvRow[]) => {
      if (some.length > 0) isEmpty = false;
      return some;
    };
    for await (const piece of this.#pieces(signal)) yield* told(rows.read(lines.read(piece)));
    yield* told(rows.read(lines.end()));
    yield* told(rows.end());
    if (isEmpty) throw new CsvFileError(`${this.path}: it is empty: its first row names the columns`);
  }

  /** How many line ends it has, about as many lines, and whether it ends without one, as a file that was cut off. */
  async countLines(signal?: AbortSignal): Promise<{ readonly lines: number; readonly isCutOff: boolean }> {
    let lines = 0;
    let last: number | undefined = lineFeed;
    for await (const piece of this.#pieces(signal)) {
      for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1)) lines++;
      last = piece.at(-1);
    }
    return { lines, isCutOff: last !== lineFeed };
  }

  async *#pieces(signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    // A pipe is empty when it is read the second time: nothing would be imported, and nobody told.
    const status = await stat(this.path).catch((error: Error) => this.#cannotBeRead(error));
    if (!status.isFile()) throw new CsvFileError(`${this.path} is no file but a ${kindOf(status)}: ${saveItFirst}`);
    const input = createReadStream(this.path, { highWaterMark: pieceBytes });
    if (signal !== undefined) addAbortSignal(signal, input);
    try {
      yield* input as AsyncIterable<Buffer>;
    } catch (error) {
      this.#cannotBeRead(error as Error);
    }
  }

  #cannotBeRead({ message }: Error): never {
    throw new CsvFileError(`${this.path} cannot be read: ${message}`);
  }
}

const lineFeed = 10;

function kindOf(status: Stats): string {
  return status.isDirectory() ? "directory" : "pipe or device";
}

const saveItFirst = "a file is read several times, so save what is to be imported in one, and import that";
