import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OrderField } from "../../client/order/order-fields.ts";
import {
  type Column,
  type ColumnMapping,
  CsvRowError,
  findColumns,
  findUnusedColumns,
  formatHeader,
} from "../../client/shared/csv-column-mapping.ts";
import { parseAmount } from "../../client/shared/money-text.ts";
import { parseTimestamp } from "../../client/shared/timestamp-text.ts";
import type { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";

/** An order without the client's key. */
export type OrderRow = Omit<MessageInitShape<typeof OrderSchema>, "$typeName" | "sequence" | "key">;

/** The values of columns that a file may lack. */
export interface OrderDefaults {
  /** Three capital letters. */
  readonly currency: string;
  /** If absent, the file must have the column. */
  readonly country?: string;
}

/** The names of columns, normalized: those of exported files, and other common names. */
const knownNames = {
  order_number: ["ordernumber", "orderno", "invoiceno", "invoice"],
  product_code: ["productcode", "stockcode", "sku"],
  description: ["description"],
  quantity: ["quantity"],
  placed_at: ["placedat", "invoicedate", "orderdate"],
  unit_price: ["unitprice", "price"],
  currency: ["currency", "currencycode"],
  customer_id: ["customerid"],
  country: ["country"],
} as const satisfies Readonly<Record<OrderField, readonly string[]>>;

const requiredFields = ["order_number", "product_code", "quantity", "placed_at", "unit_price", "country"] as const;

/** The limit of the wire type. The server checks the limits of orders. */
const maxInt32 = 2 ** 31 - 1;

/** The columns of a CSV file of orders, which are found by its header. Reads rows. */
export class OrderCsvColumns {
  /** The columns of the file that belong to no field. */
  readonly unused: readonly string[];
  readonly #columns: ReadonlyMap<OrderField, Column>;
  readonly #defaults: OrderDefaults;

  /** Throws a {@link CsvRowError} that names the missing fields, and the columns of the header. */
  constructor(header: readonly string[], defaults: OrderDefaults, mapping: ColumnMapping<OrderField> = {}) {
    this.#columns = findColumns(header, knownNames, mapping);
    this.unused = findUnusedColumns(header, this.#columns);
    this.#defaults = defaults;
    const missing = requiredFields.filter(
      (field) => !this.#columns.has(field) && !(field === "country" && defaults.country !== undefined),
    );
    if (missing.length === 0) return;
    throw new CsvRowError(
      `no column for ${missing.join(", ")} (${formatHeader(header)}): map columns, as in --columns ${missing[0]}=COLUMN`,
    );
  }

  /** Reads a row. Throws a {@link CsvRowError} that names every invalid cell. */
  read(cells: readonly string[]): OrderRow {
    const problems: string[] = [];
    const read = <T>(field: OrderField, parse: (text: string) => T | undefined, expected: string): T | undefined => {
      const text = this.#cell(field, cells);
      const value = parse(text.trim());
      if (value === undefined) problems.push(`${field} ${JSON.stringify(text)} is not ${expected}`);
      return value;
    };
    const quantity = read("quantity", parseQuantity, "a whole number, as in 6 or -1");
    const placedAt = read("placed_at", parseTimestamp, "a time: write it as 2010-12-01T08:26:00Z");
    const price = read("unit_price", parseAmount, "an exact amount: write it as 2.55, with at most 9 decimals");
    if (quantity === undefined || placedAt === undefined || price === undefined) {
      throw new CsvRowError(problems.join("; "));
    }
    const customer = parseCustomer(this.#cell("customer_id", cells));
    return {
      orderNumber: this.#cell("order_number", cells),
      productCode: this.#cell("product_code", cells),
      description: this.#cell("description", cells),
      quantity,
      unitPrice: { currencyCode: this.#cell("currency", cells) || this.#defaults.currency, ...price },
      ...(customer !== undefined && { customerId: customer }),
      country: this.#cell("country", cells) || (this.#defaults.country ?? ""),
      placedAt,
    };
  }

  /** Empty if the file has no such column. */
  #cell(field: OrderField, cells: readonly string[]): string {
    const column = this.#columns.get(field);
    return column === undefined ? "" : (cells[column.index] ?? "");
  }
}

/** Parses a whole number, which may have the form `6.0`: some programs write all numbers of a column with decimals. */
function parseQuantity(text: string): number | undefined {
  const digits = /^(-?\d{1,10})(?:\.0+)?$/.exec(text)?.[1];
  const value = Number(digits);
  return Math.abs(value) <= maxInt32 ? value + 0 : undefined;
}

/** Parses a customer id. `17850.0` is 17850: some programs write all numbers with decimals. Undefined if it is empty. */
function parseCustomer(text: string): string | undefined {
  return text === "" ? undefined : (/^(\d+)\.0$/.exec(text)?.[1] ?? text);
}
