import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { lockDataDirectory } from "./data-directory-lock.ts";
import { migrate, refuseNewerDatabase } from "./migrate.ts";
import { migrations as allMigrations, type Migrations } from "./migrations/migrations.ts";
import { NodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { StorageError } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

/** An open database, and with it the data directory that it is in. Disposing of it closes both; twice is allowed. */
export interface Database extends AsyncDisposable {
  /**
   * Queries and transactions. They share one connection and run one at a time: keep transactions short, and wait for
   * nothing else inside of one. What a transaction wrote is on the disk when it resolves.
   */
  readonly tables: Kysely<Tables>;
}

/**
 * Opens the database of a data directory, which is created where it is missing, and brings it up to date.
 *
 * Throws a {@link StorageError} where the directory cannot be created or written or another server has it, and where
 * the database cannot be read, comes from a newer version, or cannot be brought up to date.
 *
 * @param migrations those of this version; tests give others
 */
export async function openDatabase(directory: string, migrations: Migrations = allMigrations): Promise<Database> {
  await using opened = new AsyncDisposableStack();
  opened.use(lockDataDirectory(directory));
  const path = join(directory, databaseFileName);
  const sqlite = opened.adopt(openSqlite(path), close);
  refuseNewerDatabase(sqlite, path, migrations);
  const tables = opened.adopt(new Kysely<Tables>({ dialect: new NodeSqliteDialect(sqlite) }), (it) => it.destroy());
  await migrate(tables, path, migrations);
  const resources = opened.move();
  return { tables, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const databaseFileName = "bourse.sqlite";

// Whoever else has the file open (a backup, a shell) may write for so long; waiting blocks the whole process.
const busyTimeoutMs = 1000;

function openSqlite(path: string): DatabaseSync {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path, {
      timeout: busyTimeoutMs,
      enableForeignKeyConstraints: true,
      readBigInts: true,
    });
    // In this mode readers and the writer do not wait for each other; FULL has each commit on the disk.
    sqlite.exec("pragma journal_mode = wal; pragma synchronous = full");
    // SQLite opens a file that it may only read without a word, and would fail with the first thing to write.
    accessSync(path, constants.W_OK);
    return sqlite;
  } catch (error) {
    sqlite?.close();
    throw new StorageError(
      `the database ${path} cannot be opened`,
      "check that it is a database of Bourse and may be written, or choose another directory with --data",
      error,
    );
  }
}

// Kysely closes it too, but only where it has run a query.
function close(sqlite: DatabaseSync): void {
  if (sqlite.isOpen) sqlite.close();
}
