import { createReadStream, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { type CsvRow, CsvRowParser, type CsvRowParserOptions } from "./csv-row-parser.ts";
import { type encodings, TextLineReader } from "./text-line-reader.ts";

export interface CsvFileOptions extends CsvRowParserOptions {
  /** Default: utf-8. */
  readonly encoding?: (typeof encodings)[number];
  /** Whether a last line without a line end is accepted. It may be truncated. */
  readonly mayEndOpen: boolean;
}

/** A file cannot be imported. The message has its name. */
export class CsvFileError extends Error {
  override name = "CsvFileError";
}

/** The size of a read, in bytes. */
const pieceBytes = 256 * 1024;

/** A CSV file. Each read starts at the beginning of the file. */
export class CsvFile {
  readonly path: string;
  readonly #options: CsvFileOptions;

  constructor(path: string, options: CsvFileOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Yields the rows, the header first. Throws a {@link CsvFileError} if the file cannot be read or is empty. */
  async *rows(signal?: AbortSignal): AsyncGenerator<CsvRow, void, undefined> {
    const { encoding = "utf-8", mayEndOpen } = this.#options;
    const lines = new TextLineReader(encoding, mayEndOpen);
    const rows = new CsvRowParser(this.#options);
    let isEmpty = true;
    for await (const piece of this.#pieces(signal)) {
      const complete = rows.read(lines.read(piece));
      isEmpty &&= complete.length === 0;
      yield* complete;
    }
    const last = [...rows.read(lines.end()), ...rows.end()];
    if (isEmpty && last.length === 0) throw new CsvFileError(`${this.path} is empty: a header is needed`);
    yield* last;
  }

  /** Counts the line ends. `isTruncated`: the last line has no line end, so the file may be truncated. */
  async countLines(signal?: AbortSignal): Promise<{ readonly lines: number; readonly isTruncated: boolean }> {
    let lines = 0;
    let last: number | undefined = lineFeed;
    for await (const piece of this.#pieces(signal)) {
      for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1)) lines++;
      last = piece.at(-1);
    }
    return { lines, isTruncated: last !== lineFeed };
  }

  async *#pieces(signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    // A pipe would be empty at the second read, so that nothing would be imported.
    const status = await stat(this.path).catch((error: Error) => this.#throwUnreadable(error));
    if (!status.isFile()) throw new CsvFileError(`${this.path} is a ${kindOf(status)}, not a file: ${remedy}`);
    const input = createReadStream(this.path, { highWaterMark: pieceBytes });
    if (signal !== undefined) addAbortSignal(signal, input);
    try {
      yield* input as AsyncIterable<Buffer>;
    } catch (error) {
      this.#throwUnreadable(error as Error);
    }
  }

  #throwUnreadable({ message }: Error): never {
    throw new CsvFileError(`${this.path} cannot be read: ${message}`);
  }
}

const lineFeed = 10;

function kindOf(status: Stats): string {
  return status.isDirectory() ? "directory" : "pipe or device";
}

const remedy = "save the input in a file, because it is read several times";
