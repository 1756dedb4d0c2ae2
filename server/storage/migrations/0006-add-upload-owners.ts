import type { Migration } from "kysely/migration";

/** Who started an upload, by whose share it counts. Of those that were started before nobody knows. */
export const addUploadOwners: Migration = {
  async up(db) {
    await db.schema
      .alterTable("upload")
      .addColumn("owner", "text", (column) => column.notNull().defaultTo(""))
      .execute();
  },
};
