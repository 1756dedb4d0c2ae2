import { orderFields } from "../../../../client/order/order-columns.ts";
import { formatAmount } from "../../../../client/shared/money-text.ts";
import { formatTimestamp } from "../../../../client/shared/timestamp-text.ts";
import type { OrderRow, OrderStore } from "./order-store.ts";

// As many as take a few milliseconds.
const rowsPerPart = 2_000;

/**
 * The first `count` rows of a store as CSV (RFC 4180), part by part, byte for byte as the script
 * `export-orders` writes it.
 */
export function* csvParts(store: OrderStore, count: number): Generator<string, undefined> {
  yield `${orderFields.join()}\n`;
  for (let from = 0; from < count; from += rowsPerPart) {
    const lines: string[] = [];
    for (let index = from; index < Math.min(count, from + rowsPerPart); index++) lines.push(lineOf(store.row(index)));
    yield lines.join("");
  }
  return undefined;
}

// In the order of orderFields.
function lineOf(row: OrderRow): string {
  const cells = [
    row.orderNumber,
    row.productCode,
    row.description,
    String(row.quantity),
    formatTimestamp(row.placedAt),
    formatAmount(row.price),
    row.price.currencyCode,
    row.customerId ?? "",
    row.country,
  ];
  return `${cells.map(quoted).join(",")}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
