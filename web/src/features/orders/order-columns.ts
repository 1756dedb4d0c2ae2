import { formatTimestamp } from "../../../../client/timestamp-text.ts";
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
  { title: "Sequence", isNumber: true, width: "6.5rem", text: ({ sequence }) => formatCount(sequence) },
  { title: "Placed (UTC)", isNumber: false, width: "11rem", text: ({ placedAt }) => momentOf(placedAt) },
  { title: "Order", isNumber: false, width: "7rem", text: ({ orderNumber }) => orderNumber },
  { title: "Product", isNumber: false, width: "7.5rem", text: ({ productCode }) => productCode },
  { title: "Description", isNumber: false, width: "minmax(14rem, 1fr)", text: ({ description }) => description },
  { title: "Quantity", isNumber: true, width: "6rem", text: ({ quantity }) => formatCount(quantity) },
  { title: "Unit price", isNumber: true, width: "8rem", text: ({ price }) => formatMoney(price) },
  { title: "Customer", isNumber: false, width: "7rem", text: ({ customerId }) => customerId ?? "–" },
  { title: "Country", isNumber: false, width: "10rem", text: ({ country }) => country },
];

function momentOf(moment: OrderRow["placedAt"]): string {
  return formatTimestamp(moment).replace("T", " ").replace("Z", "");
}
