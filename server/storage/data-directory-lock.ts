import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ensurePrivateFile, makePrivateFolder } from "./private-file-permissions.ts";
import { DataDirectoryError } from "./storage-errors.ts";

/**
 * Locks the data directory for this process until the lock is disposed of. Creates the directory, private to this user, if
 * it is missing.
 *
 * The lock is a lock of SQLite on an empty file. The operating system releases it when the process ends in any way, so it
 * is never stale. Other programs may read the database, which is another file, meanwhile. Throws a
 * {@link DataDirectoryError} if the directory cannot be created or written, or if another server has locked it.
 */
export function lockDataDirectory(directory: string): Disposable {
  try {
    makePrivateFolder(directory);
  } catch (error) {
    throw new DataDirectoryError(`the data directory ${directory} cannot be created`, chooseAnother, error);
  }
  return lockFile(directory);
}

const chooseAnother = "give the server the right to write there, or choose another directory with --data";

// No other code may open this file: on POSIX systems, closing any descriptor of it releases the locks of the process.
// https://www.sqlite.org/howtocorrupt.html
export const lockFileName = "bourse.lock";

const sqliteBusy = 5;

function lockFile(directory: string): Disposable {
  const path = join(directory, lockFileName);
  let lock: DatabaseSync | undefined;
  try {
    ensurePrivateFile(path);
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec("begin exclusive");
    // On a read-only file SQLite acquires only a shared lock, without an error.
    accessSync(path, constants.W_OK);
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) {
      throw new DataDirectoryError(
        `the data directory ${directory} is in use by another server`,
        "stop that server, or choose another directory with --data",
      );
    }
    throw new DataDirectoryError(`the data directory ${directory} cannot be written`, chooseAnother, error);
  }
}
