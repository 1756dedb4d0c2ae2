import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataDirectoryError } from "./data-directory-error.ts";
import { ensurePrivateFile, makePrivateFolder } from "./private-files.ts";

/**
 * Creates the data directory, for this user alone, where it is missing, and takes it for this process until the lock is disposed of.
 *
 * The lock is SQLite's on an empty file, so the operating system drops it when the process ends, however it ends:
 * none is ever stale. It is apart from the database, which other programs may read meanwhile. Throws a
 * {@link DataDirectoryError} at once where the directory cannot be created or written, or another server has it.
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

// Nothing else may open this file: on POSIX systems, closing any handle of it would drop the lock of the process.
export const lockFileName = "bourse.lock";

const sqliteBusy = 5;

function lockFile(directory: string): Disposable {
  const path = join(directory, lockFileName);
  let lock: DatabaseSync | undefined;
  try {
    ensurePrivateFile(path);
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec("begin exclusive");
    // On a file that may only be read, SQLite takes no more than a reader's lock, and says nothing.
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
