import { stringify } from "csv-stringify/sync";
import { orderFields } from "../../client/order/order-fields.ts";
import { formatAmount } from "../../client/shared/money-text.ts";
import { formatTimestamp } from "../../client/shared/timestamp-text.ts";
import type { Order } from "../../gen/bourse/order/v1/order_pb.ts";

/** A file format of orders. Texts are complete lines. */
export interface OrderOutputFormat {
  /** The text before the first order. */
  readonly header: string;
  format(orders: readonly Order[]): string;
}

/** Quotes cells with any kind of line end, because other programs would break the row there. */
const dialect = { quote_record_delimiter: true } as const;

/**
 * The formats by name. An import finds their columns. Prices are exact, and times are RFC 3339 in UTC. An unknown customer
 * is empty or null.
 */
export const orderOutputFormats = {
  csv: {
    header: stringify([[...orderFields]], dialect),
    format: (orders) => stringify(orders.map(cellsOf), dialect),
  },
  ndjson: {
    header: "",
    format: (orders) => orders.map((order) => `${JSON.stringify(toObject(order))}\n`).join(""),
  },
} as const satisfies Record<string, OrderOutputFormat>;

export type OrderOutputFormatName = keyof typeof orderOutputFormats;

/** The cells of a row, in the order of {@link orderFields}. */
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

function toObject(order: Order): Record<string, unknown> {
  const cells = cellsOf(order);
  return Object.fromEntries(orderFields.map((field, index) => [field, cells[index]]));
}
