import { orderFields } from "../../../../client/order/order-fields.ts";
import { formatAmount } from "../../../../client/shared/money-text.ts";
import { formatTimestamp } from "../../../../client/shared/timestamp-text.ts";
import type { OrderRow, OrderRowStore } from "./order-row-store.ts";

const rowsPerPart = 2_000; // takes a few milliseconds

/**
 * Yields the first `count` rows of a store as CSV (https://www.rfc-editor.org/rfc/rfc4180) in parts. The bytes are equal
 * to the output of the script `export-orders`.
 */
export function* formatOrderCsv(store: OrderRowStore, count: number): Generator<string, undefined> {
  yield `${orderFields.join()}\n`;
  for (let from = 0; from < count; from += rowsPerPart) {
    const lines: string[] = [];
    for (let index = from; index < Math.min(count, from + rowsPerPart); index++) {
      lines.push(formatLine(store.row(index)));
    }
    yield lines.join("");
  }
  return undefined;
}

/** Formats the fields of a row in the order of `orderFields`. */
function formatLine(row: OrderRow): string {
  const fields = [
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
  return `${fields.map(quote).join(",")}\n`;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
