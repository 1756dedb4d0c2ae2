import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Uploads, in the order of creation. Their bytes are in files. */
export const createUploads: Migration = {
  async up(db) {
    await db.schema
      .createTable("upload")
      .addColumn("sequence", "integer", (column) => column.primaryKey().autoIncrement())
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("phase", "text", (column) => column.notNull())
      .addColumn("file_name", "text", (column) => column.notNull())
      .addColumn("product_id", "text", (column) => column.notNull())
      .addColumn("size", "integer")
      .addColumn("sha256", "text")
      .addColumn("committed_offset", "integer", (column) => column.notNull())
      .addColumn("generation", "integer", (column) => column.notNull())
      .addColumn("content_type", "text")
      .addColumn("image_width", "integer")
      .addColumn("image_height", "integer")
      .addColumn("create_time", "integer", (column) => column.notNull())
      .addColumn("update_time", "integer", (column) => column.notNull())
      .modifyEnd(sql`strict`)
      .execute();
    await db.schema.createIndex("upload_of_product").on("upload").columns(["product_id", "sequence"]).execute();
    // Not the time of the last change: that would be one more page to write each time that an offset moves.
    await db.schema.createIndex("upload_in_phase").on("upload").columns(["phase", "sequence"]).execute();
  },
};
