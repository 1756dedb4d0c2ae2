import { formatTimestamp } from "../../../../client/shared/timestamp-text.ts";
import { formatCount } from "../../shared/format-count.ts";
import { formatMoney } from "../../shared/format-money.ts";
import type { OrderRow } from "./order-store.ts";

/** A column of the table. */
export interface OrderColumn {
  readonly title: string;
  readonly isNumber: boolean;
  /** As CSS grids take it. */
  readonly width: string;
  text(row: OrderRow): string;
}

/** The columns as they stand. The first one names its row. */
export const orderColumns: readonly OrderColumn[] = [
  { title: "Sequence", isNumber: true, width: "5.75rem", text: ({ sequence }) => formatCount(sequence) },
  { title: "Placed (UTC)", isNumber: false, width: "10.75rem", text: ({ placedAt }) => momentOf(placedAt) },
  { title: "Order", isNumber: false, width: "5.5rem", text: ({ orderNumber }) => orderNumber },
  { title: "Product", isNumber: false, width: "6rem", text: ({ productCode }) => productCode },
  { title: "Description", isNumber: false, width: "minmax(11rem, 1fr)", text: ({ description }) => description },
  { title: "Quantity", isNumber: true, width: "5.5rem", text: ({ quantity }) => formatCount(quantity) },
  { title: "Unit price", isNumber: true, width: "6.75rem", text: ({ price }) => formatMoney(price) },
  { title: "Customer", isNumber: false, width: "5.75rem", text: ({ customerId }) => customerId ?? "–" },
  { title: "Country", isNumber: false, width: "8.5rem", text: ({ country }) => country },
];

function momentOf(moment: OrderRow["placedAt"]): string {
  return formatTimestamp(moment).replace("T", " ").replace("Z", "");
}
