import { stringify } from "csv-stringify/sync";
import { orderFields } from "../client/order/order-columns.ts";
import { formatAmount } from "../client/shared/amount-text.ts";
import { formatTimestamp } from "../client/shared/timestamp-text.ts";
import type { Order } from "../gen/bourse/order/v1/order_pb.ts";

/** How orders are written to a file: a text of whole lines, that ends with a line end. */
export interface OrderFormat {
  /** What comes before the first order. */
  readonly header: string;
  text(orders: readonly Order[]): string;
}

/** Quotes cells that hold any line end, or programs that know others than ours would break the row there. */
const dialect = { quote_record_delimiter: true } as const;

/** The formats by their names, with the columns that an import finds. Prices are exact, times RFC 3339 in UTC; a customer who is not known is empty or null. */
export const orderFormats = {
  csv: {
    header: stringify([[...orderFields]], dialect),
    text: (orders) => stringify(orders.map(cellsOf), dialect),
  },
  ndjson: {
    header: "",
    text: (orders) =>
      orders.map((order) => `${JSON.stringify(Object.fromEntries(zip(orderFields, cellsOf(order))))}\n`).join(""),
  },
} as const satisfies Record<string, OrderFormat>;

export type OrderFormatName = keyof typeof orderFormats;

// In the order of orderFields.
function cellsOf({ orderNumber, productCode, description, quantity, placedAt, unitPrice, customerId, country }: Order) {
  return [
    orderNumber,
    productCode,
    description,
    quantity,
    placedAt === undefined ? null : formatTimestamp(placedAt),
    unitPrice === undefined ? null : formatAmount(unitPrice),
    unitPrice?.currencyCode ?? null,
    customerId ?? null,
    country,
  ];
}

function zip<A, B>(first: readonly A[], second: readonly B[]): (readonly [A, B | undefined])[] {
  return first.map((each, index) => [each, second[index]] as const);
}
