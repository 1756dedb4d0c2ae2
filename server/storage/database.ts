import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { lockDataDirectory } from "./data-directory-lock.ts";
import { migrate } from "./migrate.ts";
import { migrations as allMigrations, type Migrations } from "./migrations/migrations.ts";
import { openReader, prepareDatabase } from "./open-sqlite.ts";
import { classifySqliteCode } from "./result-code.ts";
import { StoreDamagedError, StoreReadError } from "./storage-errors.ts";
import { StoreHealth } from "./store-health.ts";
import type { Tables } from "./tables.ts";
import { Writer } from "./writer.ts";
import { WriterDialect } from "./writer-dialect.ts";

/** An open database, and with it the data directory that it is in. Disposing of it closes both; twice is allowed. */
export interface Database extends AsyncDisposable {
  /**
   * Queries and transactions. They share one connection, in a thread of its own, and run one at a time: keep
   * transactions short, and wait for nothing else inside of one. What a transaction wrote is on the disk when it
   * resolves. Rejects with a StoreFullError where there is no more room, with a LimitError if too many are waiting, and
   * with a StoreReadOnlyError for all that writes once the disk has failed: reads continue.
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
  /** Whether the disk has kept all that it was given. */
  readonly health: StoreHealth;
  /** The domain error for an error that `reader` has thrown; any other error stays as it is. */
  toDomainError(error: unknown): unknown;
}

/** What can be set of a database. */
export interface DatabaseOptions {
  /** Those of this version; tests give others. */
  readonly migrations?: Migrations;
  /** The most bytes that it may have, a whole number; 0, the default: as many as the disk has. */
  readonly maxBytes?: number;
  /** Default: one of its own. Whoever else stores files in the data directory shares it. */
  readonly health?: StoreHealth;
}

/**
 * Opens the database of a data directory, which is created where it is missing, and brings it up to date.
 *
 * Throws a {@link DataDirectoryError} where the directory cannot be created or written or another server has it, and where
 * the database cannot be read, is damaged, comes from a newer version, or cannot be brought up to date.
 */
export async function openDatabase(directory: string, options: DatabaseOptions = {}): Promise<Database> {
  const { migrations = allMigrations, maxBytes = 0, health = new StoreHealth() } = options;
  await using opened = new AsyncDisposableStack();
  opened.use(lockDataDirectory(directory));
  const path = join(directory, databaseFileName);
  prepareDatabase(path, migrations);
  const writer = opened.use(await Writer.open({ path, maxBytes, health }));
  const tables = opened.adopt(new Kysely<Tables>({ dialect: new WriterDialect(writer) }), (it) => it.destroy());
  await migrate(tables, path, migrations);
  const searcher = opened.use(await Writer.open({ path, maxBytes: 0, isReader: true, health }));
  const queries = opened.adopt(new Kysely<Tables>({ dialect: new WriterDialect(searcher) }), (it) => it.destroy());
  const reader = opened.adopt(openReader(path), (it) => it.close());
  const resources = opened.move();
  return {
    tables,
    queries,
    reader,
    health,
    toDomainError: (error) => toDomainError(error, health),
    async [Symbol.asyncDispose]() {
      // The last connection to close moves the log into the database and removes it, which a disk that has failed would
      // only pretend to do. One that may not write leaves the log to the next start.
      if (health.isReadOnly) await writer[Symbol.asyncDispose]();
      await resources.disposeAsync();
    },
  };
}

function toDomainError(error: unknown, health: StoreHealth): unknown {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return error;
  switch (classifySqliteCode(error.errcode)) {
    case "damaged":
      health.fail(error);
      return new StoreDamagedError(error.message, error);
    case "disk":
      return new StoreReadError(error.message, error);
    default:
      return error;
  }
}

/** The name of the database in the data directory. */
export const databaseFileName = "bourse.sqlite";
