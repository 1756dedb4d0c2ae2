import { accessSync, constants, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { DataDirectoryError } from "./data-directory-error.ts";
import { refuseNewerDatabase } from "./migrate.ts";
import type { Migrations } from "./migrations/migrations.ts";
import { busyTimeoutMs } from "./open-writer.ts";
import { ensurePrivateFile, tightenFile } from "./private-files.ts";

/** Up to this size every start checks the database, about a second; a larger one only after an end that was not clean. */
const maxBytesCheckedAlways = 512 * 1024 * 1024;

/**
 * Makes sure that there is a database which this version may write to, that only this user may read it, and that it is
 * whole. What the last server left in the log is moved into the database and synced before anything else is accepted:
 * after a sync that failed, the log may be whole in the memory of the system and broken on the disk.
 *
 * The check reads the whole file, about half a gigabyte a second: it is made at each start up to 512 MiB, and beyond
 * that where the last server did not close the database, which its log beside it tells.
 *
 * Throws a {@link DataDirectoryError} where it cannot be read or written, comes from a newer version, or is damaged.
 */
export function prepareDatabase(path: string, migrations: Migrations): void {
  const wasCutOff = sizeOf(`${path}-wal`) > 0;
  const sqlite = open(path, () => {
    // SQLite gives the log and its index the mode of the database; those of an earlier version may be there already.
    ensurePrivateFile(path);
    for (const suffix of ["-wal", "-shm"]) tightenFile(path + suffix);
    const opened = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      // In this mode readers and the writer do not wait for each other.
      opened.exec("pragma journal_mode = wal");
      // SQLite opens a file that it may only read without a word, and would fail with the first thing to write.
      accessSync(path, constants.W_OK);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  try {
    refuseNewerDatabase(sqlite, path, migrations);
    if (wasCutOff || sizeOf(path) <= maxBytesCheckedAlways) refuseDamagedDatabase(sqlite, path);
    if (wasCutOff) emptyLog(sqlite, path);
  } finally {
    sqlite.close();
  }
}

/**
 * A connection for short reads, a millisecond each: they run in the thread that asks, and wait for no writer. It sees
 * what was committed when a statement begins; let none be open longer than it takes to read a page.
 */
export function openReader(path: string): DatabaseSync {
  return open(path, () => new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs }));
}

function open(path: string, opening: () => DatabaseSync): DatabaseSync {
  try {
    return opening();
  } catch (error) {
    throw new DataDirectoryError(
      `the database ${path} cannot be opened`,
      "check that it is a database of Bourse and may be written, or choose another directory with --data",
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
  throw new DataDirectoryError(
    `the database ${path} is damaged (${problem})`,
    "put a backup in its place, or choose another directory with --data; docs/operation/storage.md describes how to restore",
  );
}

/** Throws a {@link DataDirectoryError} if the disk fails. Someone who reads the database, as a backup does, may keep the log. */
function emptyLog(sqlite: DatabaseSync, path: string): void {
  try {
    sqlite.exec("pragma wal_checkpoint(truncate)");
  } catch (error) {
    throw new DataDirectoryError(
      `the log of the database ${path} cannot be moved into it`,
      "check the disk, or put a backup in its place; docs/operation/storage.md describes how to restore",
      error,
    );
  }
}

/** 0 where there is no such file. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
