/** The columns of a CSV file of orders, in their order in exports. */
export const orderFields = [
  "order_number",
  "product_code",
  "description",
  "quantity",
  "placed_at",
  "unit_price",
  "currency",
  "customer_id",
  "country",
] as const;

/** The name of a column, and of a field in a mapping of columns. */
export type OrderField = (typeof orderFields)[number];
