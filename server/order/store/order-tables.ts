import { type Kysely, sql } from "kysely";
import type { Migrations } from "../../storage/sqlite/migration-runner.ts";
import { createServerSecrets } from "../../storage/sqlite/server-secret.ts";

/** The tables of the order store as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface OrderTables {
  order_line: OrderLineTable;
}

/** A row is an order. Rows are appended with sequences without a gap, and never changed or removed. */
export interface OrderLineTable {
  /** From 1 on. */
  sequence: bigint;
  /** The idempotency key, which the client chooses. */
  key: string;
  product_code: string;
  /** Null if the customer is unknown. */
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
   * The whole order as a protobuf message, with the tag of the field `orders` of ExportOrdersResponse and its length, so
   * that concatenated rows are a response. The other columns repeat parts of it for queries.
   */
  body: Uint8Array;
}

/**
 * The migrations of the order store. A released migration is never changed, renamed or removed: a database
 * stores the names of those that it has run.
 */
export const orderMigrations: Migrations = {
  "0003-create-orders": { up: createOrders },
};

/** Creates the order store, and the table of secrets, which is in this migration since its release. */
async function createOrders(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("order_line")
    .addColumn("sequence", "integer", (column) => column.primaryKey().autoIncrement())
    .addColumn("key", "text", (column) => column.notNull().unique())
    .addColumn("product_code", "text", (column) => column.notNull())
    .addColumn("customer_id", "text")
    .addColumn("country", "text", (column) => column.notNull())
    .addColumn("quantity", "integer", (column) => column.notNull())
    .addColumn("price_currency", "text", (column) => column.notNull())
    .addColumn("price_units", "integer", (column) => column.notNull())
    .addColumn("price_nanos", "integer", (column) => column.notNull())
    .addColumn("placed_seconds", "integer", (column) => column.notNull())
    .addColumn("placed_nanos", "integer", (column) => column.notNull())
    .addColumn("body", "blob", (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  // SQLite adds the sequence to each index, so that its rows are read in the order of the sequence.
  for (const column of ["product_code", "customer_id", "country"]) {
    await db.schema.createIndex(`order_line_${column}`).on("order_line").column(column).execute();
  }
  await createServerSecrets(db);
}
