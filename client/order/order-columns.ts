import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { parseAmount } from "../shared/amount-text.ts";
import { type Column, type ColumnsOf, CsvRowError, columnsOf, findColumns } from "../shared/csv-columns.ts";
import { parseTimestamp } from "../shared/timestamp-text.ts";

/** An order without the client's key. */
export type OrderRow = Omit<MessageInitShape<typeof OrderSchema>, "$typeName" | "sequence" | "key">;

/** What a file may leave out. */
export interface OrderDefaults {
  /** The currency of the prices where no column tells it, three capital letters. */
  readonly currency: string;
  /** The country of the customers where no column tells it. */
  readonly country?: string;
}

/** A field of a row, by the name that it has in {@link ColumnsOf}. */
export type OrderField = keyof typeof knownNames;

// What the columns may be called: as exports write them, and as shops do. Case, blanks and punctuation do not count.
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
} as const;

/** All fields that a mapping may name; exports write their columns in this order. */
export const orderFields = Object.keys(knownNames) as readonly OrderField[];

const requiredFields = ["order_number", "product_code", "quantity", "placed_at", "unit_price", "country"] as const;

// Of the wire. What an order may have is for the server to say.
const maxInt32 = 2 ** 31 - 1;

/** The columns of a CSV file of orders, found by the names in its header. Reads rows by them. */
export class OrderColumns {
  readonly #columns: ReadonlyMap<OrderField, Column>;
  readonly #defaults: OrderDefaults;

  /** Throws a {@link CsvRowError} that tells what is missing, and what there is. */
  constructor(header: readonly string[], defaults: OrderDefaults, mapping: ColumnsOf<OrderField> = {}) {
    this.#columns = findColumns(header, knownNames, mapping);
    this.#defaults = defaults;
    const missing = requiredFields.filter(
      (field) => !this.#columns.has(field) && !(field === "country" && defaults.country !== undefined),
    );
    if (missing.length === 0) return;
    throw new CsvRowError(
      `no column has ${missing.join(", ")} (${columnsOf(header)}): say which do, as in ${missing[0]}=COLUMN`,
    );
  }

  /** A row's order. Throws a {@link CsvRowError} that tells of every cell that makes no sense. */
  read(cells: readonly string[]): OrderRow {
    const problems: string[] = [];
    const read = <T>(field: OrderField, parse: (text: string) => T | undefined, right: string): T | undefined => {
      const text = this.#cell(field, cells);
      const value = parse(text.trim());
      if (value === undefined) problems.push(`${field} ${JSON.stringify(text)} is not ${right}`);
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

  /** Empty where the file has no such column. */
  #cell(field: OrderField, cells: readonly string[]): string {
    const column = this.#columns.get(field);
    return column === undefined ? "" : (cells[column.index] ?? "");
  }
}

/** `6.0` is 6, as programs write whole numbers in columns of decimals; nothing else that is not written as one is. */
function parseQuantity(text: string): number | undefined {
  const digits = /^(-?\d{1,10})(?:\.0+)?$/.exec(text)?.[1];
  const value = Number(digits);
  return Math.abs(value) <= maxInt32 ? value + 0 : undefined;
}

/** `17850.0` is 17850, for the same reason. Undefined where it is not known. */
function parseCustomer(text: string): string | undefined {
  return text === "" ? undefined : (/^(\d+)\.0$/.exec(text)?.[1] ?? text);
}
