import type { SQLInputValue } from "node:sqlite";
import type { OrderSelection } from "../order-selection.ts";

/** A selection as SQL: what follows `and` in a where clause, and its parameters. The text is one of few. */
export interface OrderConditions {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** The conditions of a selection on `order_line`; empty text for all orders. */
export function conditionsOf(selection: OrderSelection): OrderConditions {
  const { placedFrom, placedBefore, country, customerId, productCode, cancellations } = selection;
  const sql: string[] = [];
  const parameters: SQLInputValue[] = [];
  const add = (condition: string, ...values: SQLInputValue[]) => {
    sql.push(` and ${condition}`);
    parameters.push(...values);
  };
  if (placedFrom !== undefined) {
    add("(placed_seconds, placed_nanos) >= (?, ?)", placedFrom.seconds, placedFrom.nanos);
  }
  if (placedBefore !== undefined) {
    add("(placed_seconds, placed_nanos) < (?, ?)", placedBefore.seconds, placedBefore.nanos);
  }
  if (country !== undefined) add("country = ?", country);
  if (customerId === null) add("customer_id is null");
  else if (customerId !== undefined) add("customer_id = ?", customerId);
  if (productCode !== undefined) add("product_code = ?", productCode);
  if (cancellations === "excluded") add("quantity > 0");
  if (cancellations === "only") add("quantity < 0");
  return { sql: sql.join(""), parameters };
}
