import { DatabaseSync } from "node:sqlite";

/** How long a statement waits for a lock of another process, such as a backup or a shell, in milliseconds. */
export const busyTimeoutMs = 5_000;

/** The settings of a connection. */
export interface ConnectionSettings {
  /** The path of the database. */
  readonly path: string;
  /** Default: false. */
  readonly readOnly?: boolean;
  /** The maximum size of the database in bytes; 0: unlimited. */
  readonly maxBytes: number;
}

/** Opens the connection of a worker thread. Integers are read as bigints. */
export function openThreadConnection({ path, maxBytes, readOnly = false }: ConnectionSettings): DatabaseSync {
  if (readOnly) return new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: true, readBigInts: true });
  const sqlite = new DatabaseSync(path, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: true,
    readBigInts: true,
  });
  // FULL syncs each commit before it is acknowledged: https://www.sqlite.org/pragma.html#pragma_synchronous.
  // SQLite's own checkpoint ignores errors, so it is off, and the worker thread runs the checkpoints.
  sqlite.exec("pragma synchronous = full; pragma temp_store = memory; pragma wal_autocheckpoint = 0");
  if (maxBytes > 0) {
    const { page_size } = sqlite.prepare("pragma page_size").get() as { page_size: bigint };
    // SQLite raises a limit that is below the current size to the current size.
    sqlite.exec(`pragma max_page_count = ${Math.max(1, Math.floor(maxBytes / Number(page_size)))}`);
  }
  return sqlite;
}
