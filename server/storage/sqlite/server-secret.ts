import { type Kysely, sql } from "kysely";

/** Creates the table of secrets: random bytes by their purpose. Part of a migration. */
export async function createServerSecrets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("server_secret")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("value", "blob", (column) => column.notNull())
    .modifyEnd(sql`strict, without rowid`)
    .execute();
}

/** Returns the secret of a purpose. The first call stores the bytes that `create` returns; the later ones return these. */
export function serverSecret<Tables>(
  tables: Kysely<Tables>,
  name: string,
  create: () => Uint8Array,
): Promise<Uint8Array> {
  return tables.transaction().execute(async (transaction) => {
    const stored = sql<{ value: Uint8Array }>`select value from server_secret where name = ${name}`;
    const { rows } = await stored.execute(transaction);
    if (rows[0] !== undefined) return rows[0].value;
    const value = create();
    await sql`insert into server_secret (name, value) values (${name}, ${value})`.execute(transaction);
    return value;
  });
}
