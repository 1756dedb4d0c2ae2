/** The tables of the order book as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface OrderTables {
  order_line: OrderLineTable;
}

/** An order a row. Rows are added, with sequences that leave no gap, and never changed or removed. */
export interface OrderLineTable {
  /** From 1 on. */
  sequence: bigint;
  /** The client's name for it. */
  key: string;
  product_code: string;
  /** Null where the customer is not known. */
  customer_id: string | null;
  country: string;
  /** Negative: a cancellation. */
  quantity: bigint;
  /** ISO 4217. */
  price_currency: string;
  price_units: bigint;
  /** Billionths of a unit, of the same sign. */
  price_nanos: bigint;
  /** Since 1970. */
  placed_seconds: bigint;
  placed_nanos: bigint;
  /**
   * The whole order as a protobuf message, as it stands in an ExportOrdersResponse: with the tag of `orders` and its
   * length before it, so that rows one after another are a response. What the other columns repeat is for queries only.
   */
  body: Uint8Array;
}
