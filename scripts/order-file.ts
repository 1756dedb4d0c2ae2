import { createReadStream, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { addAbortSignal } from "node:stream";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ColumnsOf, CsvRowError } from "../client/csv-columns.ts";
import { OrderColumns, type OrderDefaults, type OrderField } from "../client/order-columns.ts";
import type { OrderSchema } from "../gen/bourse/order/v1/order_pb.ts";
import { CsvLines, type encodings } from "./csv-lines.ts";
import { type CsvRow, CsvRows } from "./csv-rows.ts";
import { OrderKeys } from "./order-keys.ts";

/** How a file is written. */
export interface OrderFileOptions {
  readonly encoding: (typeof encodings)[number];
  readonly delimiter: string;
  readonly defaults: OrderDefaults;
  readonly mapping?: ColumnsOf<OrderField>;
  /** Whether a last line without a line end is taken for whole. */
  readonly mayEndOpen: boolean;
}

/** A line of the file, and its order. */
export interface OrderLine {
  /** Where it begins, from 1 on. */
  readonly line: number;
  readonly text: string;
  readonly order: MessageInitShape<typeof OrderSchema>;
}

/** A file cannot be imported at all. The message names it. */
export class OrderFileError extends Error {
  override name = "OrderFileError";
}

/** So much is read at once, in bytes. */
const pieceBytes = 256 * 1024;

/** A CSV file of orders, read from the beginning each time. */
export class OrderFile {
  readonly path: string;
  readonly #options: OrderFileOptions;

  constructor(path: string, options: OrderFileOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Throws an {@link OrderFileError} where the file cannot be read or its columns are not those of orders. */
  async check(): Promise<void> {
    // A pipe is empty when it is read the second time: nothing would be imported, and nobody told.
    const status = await stat(this.path).catch((error: Error) => cannotBeRead(this.path, error));
    if (!status.isFile()) throw new OrderFileError(`${this.path} is no file but a ${kindOf(status)}: ${saveItFirst}`);
    for await (const row of this.#rows()) return void this.#columns(row);
    throw new OrderFileError(`${this.path}: it is empty: its first row names the columns`);
  }

  /** How many line ends it has: about as many lines. */
  async countLines(signal: AbortSignal): Promise<number> {
    let count = 0;
    for await (const piece of this.#pieces(signal)) {
      for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1)) count++;
    }
    return count;
  }

  /**
   * Yields its orders, with the keys that they have each time.
   *
   * @param reject takes each line that has none
   */
  async *orders(
    reject: (line: number, reason: string, text: string) => void,
    signal: AbortSignal,
  ): AsyncGenerator<OrderLine, void, undefined> {
    const keys = new OrderKeys(basename(this.path));
    let columns: OrderColumns | undefined;
    for await (const row of this.#rows(signal)) {
      if (columns === undefined) {
        columns = this.#columns(row);
        continue;
      }
      try {
        if ("problem" in row) throw new CsvRowError(row.problem);
        const order = columns.read(row.cells);
        yield { line: row.line, text: row.text, order: { ...order, key: keys.next(order) } };
      } catch (error) {
        if (!(error instanceof CsvRowError)) throw error;
        reject(row.line, error.message, row.text);
      }
    }
  }

  #columns(header: CsvRow): OrderColumns {
    try {
      if ("problem" in header) throw new CsvRowError(header.problem);
      return new OrderColumns(header.cells, this.#options.defaults, this.#options.mapping);
    } catch (error) {
      throw new OrderFileError(`${this.path}: line ${header.line}: ${(error as Error).message}`);
    }
  }

  async *#rows(signal?: AbortSignal): AsyncGenerator<CsvRow, void, undefined> {
    const { encoding, delimiter, mayEndOpen } = this.#options;
    const lines = new CsvLines(encoding, mayEndOpen);
    const rows = new CsvRows(delimiter);
    for await (const piece of this.#pieces(signal)) yield* rows.read(lines.read(piece));
    yield* rows.read(lines.end());
    yield* rows.end();
  }

  async *#pieces(signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    const input = createReadStream(this.path, { highWaterMark: pieceBytes });
    if (signal !== undefined) addAbortSignal(signal, input);
    try {
      yield* input as AsyncIterable<Buffer>;
    } catch (error) {
      cannotBeRead(this.path, error as Error);
    }
  }
}

const lineFeed = 10;

function cannotBeRead(path: string, { message }: Error): never {
  throw new OrderFileError(`${path} cannot be read: ${message}`);
}

function kindOf(status: Stats): string {
  return status.isDirectory() ? "directory" : "pipe or device";
}

const saveItFirst = "a file is read several times, so save what is to be imported in one, and import that";
