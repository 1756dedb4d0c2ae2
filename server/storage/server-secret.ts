import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** The secret of a name, which is the same for as long as the database is there: made by `create` the first time. */
export async function serverSecret(
  tables: Kysely<Tables>,
  name: string,
  create: () => Uint8Array,
): Promise<Uint8Array> {
  return tables.transaction().execute(async (transaction) => {
    const known = await transaction
      .selectFrom("server_secret")
      .select("value")
      .where("name", "=", name)
      .executeTakeFirst();
    if (known !== undefined) return known.value;
    const value = create();
    await transaction.insertInto("server_secret").values({ name, value }).execute();
    return value;
  });
}
