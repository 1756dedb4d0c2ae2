import type { DatabaseSync } from "node:sqlite";
import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { DataDirectoryError } from "../storage-errors.ts";

/** Migrations by name. They run in the order of their names. */
export type Migrations = Readonly<Record<string, Migration>>;

/** Merges the migrations of all families. Throws if two have the same number or a name without a number. */
export function mergeMigrations(families: readonly Migrations[]): Migrations {
  const names = new Map<string, string>();
  const merged: Record<string, Migration> = {};
  for (const [name, migration] of families.flatMap(Object.entries<Migration>)) {
    const number = /^\d{4}(?=-)/.exec(name)?.[0];
    if (number === undefined) throw new Error(`the migration ${name} has no number: name it as in 0001-create-items`);
    const other = names.get(number);
    if (other !== undefined) throw new Error(`${other} and ${name} have the same number: renumber the newer migration`);
    names.set(number, name);
    merged[name] = migration;
  }
  return merged;
}

/**
 * Runs the migrations that a database has not run yet, all in one transaction: either all succeed or nothing is changed.
 *
 * Rejects with a {@link DataDirectoryError} that names the migration that failed.
 */
export async function runMigrations<T>(kysely: Kysely<T>, path: string, migrations: Migrations): Promise<void> {
  const provider = { getMigrations: async () => ({ ...migrations }) };
  const { error, results } = await new Migrator({ db: kysely, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === "Error");
  throw new DataDirectoryError(
    `the database ${path} cannot be migrated${failed ? `: its migration ${failed.migrationName} failed` : ""}`,
    "nothing was changed; if the disk is full, free some space, then restart the server",
    error,
  );
}

/** Throws a {@link DataDirectoryError} if a database has run a migration that this version does not know. */
export function refuseNewerDatabase(sqlite: DatabaseSync, path: string, migrations: Migrations): void {
  const unknown = completedMigrations(sqlite).find((name) => !Object.hasOwn(migrations, name));
  if (unknown === undefined) return;
  throw new DataDirectoryError(
    `the database ${path} was written by a newer version of Bourse: this version does not know its migration ${unknown}`,
    "start the newer version, or choose another directory with --data",
  );
}

/** The names of the migrations that a database has run, in their order. */
function completedMigrations(sqlite: DatabaseSync): string[] {
  const table = sqlite.prepare("select 1 from sqlite_master where type = 'table' and name = 'kysely_migration'").get();
  if (table === undefined) return [];
  return sqlite
    .prepare("select name from kysely_migration order by name")
    .all()
    .map((row) => String(row.name));
}
