import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The catalogue, in the order of creation. */
export const createProducts: Migration = {
  async up(db) {
    await db.schema
      .createTable("product")
      .addColumn("sequence", "integer", (column) => column.primaryKey().autoIncrement())
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("price_currency", "text")
      .addColumn("price_units", "integer")
      .addColumn("price_nanos", "integer")
      .addColumn("body", "blob", (column) => column.notNull())
      .modifyEnd(sql`strict`)
      .execute();
  },
};
