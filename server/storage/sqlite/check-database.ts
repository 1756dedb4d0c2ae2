import { accessSync, constants, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ensurePrivateFile, restrictPermissions } from "../private-file-permissions.ts";
import { DataDirectoryError } from "../storage-errors.ts";
import { type Migrations, refuseNewerDatabase } from "./migration-runner.ts";
import { busyTimeoutMs } from "./open-thread-connection.ts";

/**
 * The size in bytes up to which a database is checked at each start, which takes about a second. A larger one is
 * checked only after a crash.
 */
const maxBytesCheckedAlways = 512 * 1024 * 1024;

/**
 * Creates the database if it is missing, restricts it to this user, and checks it. The write-ahead log that a crashed
 * server left is checkpointed into the database and synced first: after a failed sync, the log may be complete in the memory of
 * the system and damaged on the disk.
 *
 * The check reads the whole file, at about 512 MiB a second. It runs at each start up to 512 MiB; a larger database is
 * checked only if the last server did not close it, that is, if its write-ahead log is not empty.
 *
 * Throws a {@link DataDirectoryError} if the database cannot be read or written, was written by a newer version, or is
 * damaged.
 */
export function checkDatabase(path: string, migrations: Migrations): void {
  const hasCrashed = sizeOf(`${path}-wal`) > 0;
  const sqlite = openOrExplain(path, () => {
    // SQLite gives the WAL and its index the permissions of the database. Files of an earlier version may have wider ones.
    ensurePrivateFile(path);
    for (const suffix of ["-wal", "-shm"]) restrictPermissions(path + suffix);
    const opened = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      // With a write-ahead log readers and the writer do not block each other: https://www.sqlite.org/wal.html.
      opened.exec("pragma journal_mode = wal");
      // SQLite opens a read-only file without an error, and fails at the first write.
      accessSync(path, constants.W_OK);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  try {
    refuseNewerDatabase(sqlite, path, migrations);
    if (hasCrashed || sizeOf(path) <= maxBytesCheckedAlways) refuseDamagedDatabase(sqlite, path);
    if (hasCrashed) emptyLog(sqlite, path);
  } finally {
    sqlite.close();
  }
}

/** Opens a connection. Throws a {@link DataDirectoryError} if it cannot be opened. */
export function openOrExplain(path: string, open: () => DatabaseSync): DatabaseSync {
  try {
    return open();
  } catch (error) {
    throw new DataDirectoryError(
      `the database ${path} cannot be opened`,
      "check that it is a database of Bourse and that the server may write it, or choose another directory with --data",
      error,
    );
  }
}

function refuseDamagedDatabase(sqlite: DatabaseSync, path: string): void {
  let problem: string;
  try {
    problem = String(Object.values(sqlite.prepare("pragma quick_check(1)").get() ?? {})[0]);
  } catch (error) {
    problem = (error as Error).message;
  }
  if (problem === "ok") return;
  throw new DataDirectoryError(`the database ${path} is damaged (${problem})`, restoreAdvice("restore a backup"));
}

/** Throws a {@link DataDirectoryError} if the disk fails. The log may stay if another process reads the database, such as a backup. */
function emptyLog(sqlite: DatabaseSync, path: string): void {
  try {
    sqlite.exec("pragma wal_checkpoint(truncate)");
  } catch (error) {
    throw new DataDirectoryError(
      `the WAL of the database ${path} cannot be checkpointed`,
      restoreAdvice("check the disk, or restore a backup"),
      error,
    );
  }
}

function restoreAdvice(action: string): string {
  return `${action} (see docs/operation/storage.md), or choose another directory with --data`;
}

/** Returns the size of a file in bytes; 0 if it does not exist. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
