import { type GeneratedAlways, type Kysely, sql } from "kysely";
import { type Database, type DatabaseOptions, openDatabase } from "../sqlite/database.ts";
import type { Migrations } from "../sqlite/migration-runner.ts";

/** The table that the tests of the storage write to. */
export interface TestTables {
  item: {
    sequence: GeneratedAlways<bigint>;
    id: string;
    body: Uint8Array;
    /** Null in most rows. */
    amount: bigint | null;
  };
}

export const testMigrations: Migrations = {
  "0001-create-items": {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable("item")
        .addColumn("sequence", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("id", "text", (column) => column.notNull().unique())
        .addColumn("body", "blob", (column) => column.notNull())
        .addColumn("amount", "integer")
        .modifyEnd(sql`strict`)
        .execute();
    },
  },
};

/** Opens a database with the table `item`. */
export function openTestDatabase(
  directory: string,
  options: Partial<DatabaseOptions> = {},
): Promise<Database<TestTables>> {
  return openDatabase<TestTables>(directory, { migrations: [testMigrations], ...options });
}
