import { type Generated, type GeneratedAlways, type Kysely, sql } from "kysely";
import type { Migrations } from "../../storage/sqlite/migration-runner.ts";

/** The tables of uploads after the newest migration. Integers are bigints, because a number could round them. */
export interface UploadTables {
  upload: UploadTable;
}

/** A row for each upload. Sizes and offsets are in bytes, times in microseconds since 1970. */
export interface UploadTable {
  /** The position in the order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case; also the name of the file. */
  id: string;
  phase: "open" | "complete" | "aborted" | "expired" | "damaged";
  /** The name to display. Empty: none. */
  file_name: string;
  /** Empty: no product. */
  product_id: string;
  /** Null: unknown. */
  size: bigint | null;
  /** Lower-case hex. Null: unknown. */
  sha256: string | null;
  /** The number of synced bytes. */
  committed_offset: bigint;
  /** The generation of the writer. Grows with each start. */
  generation: bigint;
  /** Null until the upload is complete. */
  content_type: string | null;
  /** In pixels. Width and height are null if no thumbnail can be made of the file. */
  image_width: bigint | null;
  image_height: bigint | null;
  create_time: bigint;
  update_time: bigint;
  /** The key of the client that started the upload first. Empty: unknown. */
  owner: Generated<string>;
}

/**
 * The migrations of uploads. A released migration is never changed, renamed or removed: a database
 * stores the names of those that it has run.
 */
export const uploadMigrations: Migrations = {
  "0005-create-uploads": { up: createUploads },
  "0006-add-upload-owners": { up: addUploadOwners },
};

/** Creates the table of uploads. The bytes of uploads are in files. */
async function createUploads(db: Kysely<unknown>): Promise<void> {
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
  // No index has the update time: every commit of an offset would write one more page.
  await db.schema.createIndex("upload_in_phase").on("upload").columns(["phase", "sequence"]).execute();
}

/** Adds the client that started an upload; its share of the quota counts the upload. Empty for older uploads. */
async function addUploadOwners(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("upload")
    .addColumn("owner", "text", (column) => column.notNull().defaultTo(""))
    .execute();
}
