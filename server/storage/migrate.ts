import type { DatabaseSync } from "node:sqlite";
import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { DataDirectoryError } from "./data-directory-error.ts";
import type { Migrations } from "./migrations/migrations.ts";

/**
 * Runs the migrations that a database has not been through: all of them, or none where one fails.
 *
 * Throws a {@link DataDirectoryError} where one fails.
 */
export async function migrate<T>(kysely: Kysely<T>, path: string, migrations: Migrations): Promise<void> {
  const provider = { getMigrations: async () => ({ ...migrations }) };
  const { error, results } = await new Migrator({ db: kysely, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === "Error");
  throw new DataDirectoryError(
    `the database ${path} cannot be brought up to date${failed ? `: its migration ${failed.migrationName} failed` : ""}`,
    "nothing was changed; make room on the disk where it is full, and start again",
    error,
  );
}

/** Throws a {@link DataDirectoryError} where a database has been through a migration that this version does not know. */
export function refuseNewerDatabase(sqlite: DatabaseSync, path: string, migrations: Migrations): void {
  const unknown = namesOfAppliedMigrations(sqlite).find((name) => !Object.hasOwn(migrations, name));
  if (unknown === undefined) return;
  throw new DataDirectoryError(
    `the database ${path} was written by a newer version of Bourse, as this one does not know its migration ${unknown}`,
    "start the newer version, or choose another directory with --data",
  );
}

function namesOfAppliedMigrations(sqlite: DatabaseSync): string[] {
  const table = sqlite.prepare("select 1 from sqlite_master where type = 'table' and name = 'kysely_migration'").get();
  if (table === undefined) return [];
  return sqlite
    .prepare("select name from kysely_migration order by name")
    .all()
    .map((row) => String(row.name));
}
