import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { lockDataDirectory } from "../data-directory-lock.ts";
import { StoreDamagedError, StoreReadError } from "../storage-errors.ts";
import { StoreHealth } from "../store-health.ts";
import { checkDatabase, openOrExplain } from "./check-database.ts";
import { classifySqliteCode } from "./classify-result-code.ts";
import { DatabaseThread } from "./database-thread.ts";
import { KyselyThreadDialect } from "./kysely-thread-dialect.ts";
import { type Migrations, mergeMigrations, runMigrations } from "./migration-runner.ts";
import { busyTimeoutMs } from "./open-thread-connection.ts";

/**
 * An open database and the lock of its data directory. Disposing of it closes both, and may be repeated.
 *
 * `Tables` has the tables of all families whose migrations it was opened with. All three connections see a write as soon
 * as its promise resolves.
 */
export interface Database<Tables> extends AsyncDisposable {
  /**
   * Runs queries and transactions one at a time, on one connection in a worker thread: keep transactions short, and wait
   * for nothing else within one. A transaction is on the disk when its promise resolves.
   *
   * Rejects with a StoreFullError if the store or the disk is full, with a LimitError if too many are waiting, and with
   * a StoreReadOnlyError if a write follows a failure of the disk. Reads continue after such a failure.
   */
  readonly tables: Kysely<Tables>;
  /**
   * Runs long reads, such as searches, one at a time, on a second connection in another worker thread. They do not block
   * writes.
   */
  readonly queries: Kysely<Tables>;
  /** A connection for reads of about a millisecond, which run in the calling thread and do not wait for the writer. */
  readonly reader: DatabaseSync;
  /** Whether a write or a sync has failed. */
  readonly health: StoreHealth;
  /** Returns the domain error of an error that `reader` has thrown; any other error unchanged. */
  toDomainError(error: unknown): unknown;
}

export interface DatabaseOptions {
  /** The migrations of each family. */
  readonly migrations: readonly Migrations[];
  /** The maximum size of the database in bytes, a whole number. Default: 0, which is unlimited. */
  readonly maxBytes?: number;
  /** Shared with everything else that writes to the data directory. Default: its own. */
  readonly health?: StoreHealth;
}

/**
 * Opens the database of a data directory and runs the missing migrations. Creates the directory if it is missing.
 *
 * Rejects with a {@link DataDirectoryError} if the directory cannot be created or written, if another server has locked
 * it, or if the database cannot be read, is damaged, was written by a newer version, or cannot be migrated.
 */
export async function openDatabase<Tables>(directory: string, options: DatabaseOptions): Promise<Database<Tables>> {
  const { maxBytes = 0, health = new StoreHealth() } = options;
  const migrations = mergeMigrations(options.migrations);
  await using opened = new AsyncDisposableStack();
  opened.use(lockDataDirectory(directory));
  const path = join(directory, databaseFileName);
  checkDatabase(path, migrations);
  const writer = opened.use(await DatabaseThread.open({ path, maxBytes, health }));
  const tables = opened.adopt(new Kysely<Tables>({ dialect: new KyselyThreadDialect(writer) }), (it) => it.destroy());
  await runMigrations(tables, path, migrations);
  const searcher = opened.use(await DatabaseThread.open({ path, maxBytes: 0, readOnly: true, health }));
  const queries = opened.adopt(new Kysely<Tables>({ dialect: new KyselyThreadDialect(searcher) }), (it) =>
    it.destroy(),
  );
  const reader = opened.adopt(openReader(path), (it) => it.close());
  const resources = opened.move();
  return {
    tables,
    queries,
    reader,
    health,
    toDomainError: (error) => toDomainError(error, health),
    async [Symbol.asyncDispose]() {
      // The last connection to close moves the log into the database and removes it; on a failed disk that would only
      // seem to succeed. A read-only connection keeps the log for the next start, so it closes last then.
      if (health.isReadOnly) await writer[Symbol.asyncDispose]();
      await resources.disposeAsync();
    },
  };
}

/**
 * Opens a connection for reads of about a millisecond, which run in the calling thread and do not wait for the writer. A
 * statement sees what was committed before it began; an open statement keeps SQLite from emptying its log, so close each
 * after a page.
 */
function openReader(path: string): DatabaseSync {
  return openOrExplain(path, () => new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs }));
}

function toDomainError(error: unknown, health: StoreHealth): unknown {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return error;
  switch (classifySqliteCode(error.errcode)) {
    case "damaged":
      health.fail(error);
      return new StoreDamagedError(error.message, error);
    case "disk":
      return new StoreReadError(error.message, error);
    case "full":
    case "other":
      return error;
  }
}

/** The name of the database in the data directory. */
export const databaseFileName = "bourse.sqlite";
