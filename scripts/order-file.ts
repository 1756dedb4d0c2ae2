import { basename } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { OrderColumns, type OrderDefaults, type OrderField } from "../client/order/order-columns.ts";
import { type ColumnsOf, CsvRowError } from "../client/shared/csv-columns.ts";
import type { OrderSchema } from "../gen/bourse/order/v1/order_pb.ts";
import { CsvFile, CsvFileError, type CsvFileOptions } from "./csv-file.ts";
import type { CsvRow } from "./csv-rows.ts";
import { OrderKeys } from "./order-keys.ts";

/** How a file is written. */
export interface OrderFileOptions extends CsvFileOptions {
  readonly defaults: OrderDefaults;
  readonly mapping?: ColumnsOf<OrderField>;
}

/** A line of the file, and its order. */
export interface OrderLine {
  /** Where it begins, from 1 on. */
  readonly line: number;
  readonly text: string;
  readonly order: MessageInitShape<typeof OrderSchema>;
}

/** A CSV file of orders. */
export class OrderFile extends CsvFile {
  readonly #defaults: OrderDefaults;
  readonly #mapping: ColumnsOf<OrderField> | undefined;

  constructor(path: string, options: OrderFileOptions) {
    super(path, options);
    this.#defaults = options.defaults;
    this.#mapping = options.mapping;
  }

  /** Throws a {@link CsvFileError} where the file cannot be read or its columns are not those of orders. */
  async check(): Promise<void> {
    for await (const row of this.rows()) return void this.#columns(row);
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
    for await (const row of this.rows(signal)) {
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
      return new OrderColumns(header.cells, this.#defaults, this.#mapping);
    } catch (error) {
      throw new CsvFileError(`${this.path}: line ${header.line}: ${(error as Error).message}`);
    }
  }
}
