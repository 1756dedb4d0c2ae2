import { basename } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OrderField } from "../../client/order/order-fields.ts";
import { type ColumnMapping, CsvRowError } from "../../client/shared/csv-column-mapping.ts";
import type { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { CsvFile, CsvFileError, type CsvFileOptions } from "../csv/csv-file.ts";
import type { CsvRow } from "../csv/csv-row-parser.ts";
import { OrderCsvColumns, type OrderDefaults } from "./order-csv-columns.ts";
import { OrderIdempotencyKeys } from "./order-idempotency-keys.ts";

export interface OrderCsvFileOptions extends CsvFileOptions {
  readonly defaults: OrderDefaults;
  readonly mapping?: ColumnMapping<OrderField>;
}

/** A row of the file, and its order. */
export interface OrderLine {
  /** The number of its first line, from 1. */
  readonly line: number;
  readonly text: string;
  readonly order: MessageInitShape<typeof OrderSchema>;
}

/** A CSV file of orders. */
export class OrderCsvFile extends CsvFile {
  /** The columns that are not imported. Empty until the header is read. */
  unusedColumns: readonly string[] = [];
  readonly #defaults: OrderDefaults;
  readonly #mapping: ColumnMapping<OrderField> | undefined;

  constructor(path: string, options: OrderCsvFileOptions) {
    super(path, options);
    this.#defaults = options.defaults;
    this.#mapping = options.mapping;
  }

  /** Throws a {@link CsvFileError} if the file cannot be read or its header has no order columns. */
  async check(): Promise<void> {
    for await (const row of this.rows()) return void this.#readHeader(row);
  }

  /**
   * Yields the orders, with keys that are the same at each call.
   *
   * @param reject receives the invalid lines
   */
  async *orders(
    reject: (line: number, reason: string, text: string) => void,
    signal: AbortSignal,
  ): AsyncGenerator<OrderLine, void, undefined> {
    const keys = new OrderIdempotencyKeys(basename(this.path));
    let columns: OrderCsvColumns | undefined;
    for await (const row of this.rows(signal)) {
      if (columns === undefined) {
        columns = this.#readHeader(row);
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

  #readHeader(header: CsvRow): OrderCsvColumns {
    try {
      if ("problem" in header) throw new CsvRowError(header.problem);
      const columns = new OrderCsvColumns(header.cells, this.#defaults, this.#mapping);
      this.unusedColumns = columns.unused;
      return columns;
    } catch (error) {
      throw new CsvFileError(`${this.path}: line ${header.line}: ${(error as Error).message}`);
    }
  }
}
