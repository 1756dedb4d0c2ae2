import { type Kysely, sql } from "kysely";

/** The table of secrets. */
export interface ServerSecretTables {
  server_secret: {
    /** The purpose, as in `resume-tokens`. */
    name: string;
    /** Random bytes. */
    value: Uint8Array;
  };
}

/** Creates the table of secrets, as a part of a migration. */
export async function createServerSecrets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("server_secret")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("value", "blob", (column) => column.notNull())
    .modifyEnd(sql`strict, without rowid`)
    .execute();
}

/** Returns the secret of a purpose. The first call stores the bytes that `create` returns; the later ones return these. */
export async function serverSecret(
  tables: Kysely<ServerSecretTables>,
  name: string,
  create: () => Uint8Array,
): Promise<Uint8Array> {
  return tables.transaction().execute(async (transaction) => {
    const stored = await transaction
      .selectFrom("server_secret")
      .select("value")
      .where("name", "=", name)
      .executeTakeFirst();
    if (stored !== undefined) return stored.value;
    const value = create();
    await transaction.insertInto("server_secret").values({ name, value }).execute();
    return value;
  });
}
