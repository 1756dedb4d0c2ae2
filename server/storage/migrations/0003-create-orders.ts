import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The order book, and what the server keeps to itself. */
export const createOrders: Migration = {
  async up(db) {
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
    // SQLite adds the sequence to each, so that what one of them finds comes in the order of the sequence.
    for (const column of ["product_code", "customer_id", "country"]) {
      await db.schema.createIndex(`order_line_${column}`).on("order_line").column(column).execute();
    }
    await db.schema
      .createTable("server_secret")
      .addColumn("name", "text", (column) => column.primaryKey().notNull())
      .addColumn("value", "blob", (column) => column.notNull())
      .modifyEnd(sql`strict, without rowid`)
      .execute();
  },
};
