import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { lockDataDirectory } from "./data-directory-lock.ts";
import { migrate } from "./migrate.ts";
import { migrations as allMigrations, type Migrations } from "./migrations/migrations.ts";
import { openReader, prepareDatabase } from "./open-sqlite.ts";
import type { Tables } from "./tables.ts";
import { Writer } from "./writer.ts";
import { WriterDialect } from "./writer-dialect.ts";

/** An open database, and with it the data directory that it is in. Disposing of it closes both; twice is allowed. */
export interface Database extends AsyncDisposable {
  /**
   * Queries and transactions. They share one connection, in a thread of its own, and run one at a time: keep
   * transactions short, and wait for nothing else inside of one. What a transaction wrote is on the disk when it
   * resolves. Rejects with a StoreFullError where there is no more room, and with a StoreBusyError where too many wait.
   */
  readonly tables: Kysely<Tables>;
  /**
   * The same for reads alone that may take long, such as searches: on a connection in a thread of their own, where they
   * wait for each other, and no write waits for them. What `tables` has written is there as soon as it says so.
   */
  readonly queries: Kysely<Tables>;
  /**
   * A connection for reads of about a millisecond, which run at once in the calling thread, and wait for no writer. What
   * `tables` has written is there as soon as it says so.
   */
  readonly reader: DatabaseSync;
}

/** What can be set of a database. */
export interface DatabaseOptions {
  /** Those of this version; tests give others. */
  readonly migrations?: Migrations;
  /** The most bytes that it may have, a whole number; 0, the default: as many as the disk has. */
  readonly maxBytes?: number;
}

/**
 * Opens the database of a data directory, which is created where it is missing, and brings it up to date.
 *
 * Throws a {@link StorageError} where the directory cannot be created or written or another server has it, and where
 * the database cannot be read, is damaged, comes from a newer version, or cannot be brought up to date.
 */
export async function openDatabase(directory: string, options: DatabaseOptions = {}): Promise<Database> {
  const { migrations = allMigrations, maxBytes = 0 } = options;
  await using opened = new AsyncDisposableStack();
  opened.use(lockDataDirectory(directory));
  const path = join(directory, databaseFileName);
  prepareDatabase(path, migrations);
  const writer = opened.use(await Writer.open({ path, maxBytes }));
  const tables = opened.adopt(new Kysely<Tables>({ dialect: new WriterDialect(writer) }), (it) => it.destroy());
  await migrate(tables, path, migrations);
  const searcher = opened.use(await Writer.open({ path, maxBytes: 0, isReader: true }));
  const queries = opened.adopt(new Kysely<Tables>({ dialect: new WriterDialect(searcher) }), (it) => it.destroy());
  const reader = opened.adopt(openReader(path), (it) => it.close());
  const resources = opened.move();
  return { tables, queries, reader, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The name of the database in the data directory. */
export const databaseFileName = "bourse.sqlite";
