import { maxProducts, pageSize } from "../../../web/src/features/catalogue/product-search.ts";
import { maxRows, maxTextBytes } from "../../../web/src/features/orders/order-row-store.ts";

/** The limits of the dashboard. */
export const dashboardLimits = [
  ["maxRows", maxRows, "orders in the page, of 60 bytes each", "the export ends with a notice"],
  ["maxTextBytes", maxTextBytes, "bytes of the distinct texts of those orders", "the same"],
  ["pageSize", pageSize, "products in one page of a search", "the others are loaded on request"],
  ["maxProducts", maxProducts, "products of a search", "a notice asks the user to narrow the search"],
] as const;
