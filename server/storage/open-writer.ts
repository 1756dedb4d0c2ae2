import { DatabaseSync } from "node:sqlite";
import type { WriterSettings } from "./writer-messages.ts";

/** Whoever else has the file open (a backup, a shell) may hold it for so long. */
export const busyTimeoutMs = 5_000;

/** The connection of a thread that writes, or of one that only reads. */
export function openWriter({ path, maxBytes, isReader = false }: WriterSettings): DatabaseSync {
  if (isReader) return new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: true, readBigInts: true });
  const sqlite = new DatabaseSync(path, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: true,
    readBigInts: true,
  });
  // FULL has each commit on the disk before it is acknowledged.
  // SQLite itself moves the log into the database after a commit, and keeps silent if that fails: the thread does it.
  sqlite.exec("pragma synchronous = full; pragma temp_store = memory; pragma wal_autocheckpoint = 0");
  if (maxBytes > 0) {
    const { page_size } = sqlite.prepare("pragma page_size").get() as { page_size: bigint };
    // SQLite itself lets a limit be no lower than what is there.
    sqlite.exec(`pragma max_page_count = ${Math.max(1, Math.floor(maxBytes / Number(page_size)))}`);
  }
  return sqlite;
}
