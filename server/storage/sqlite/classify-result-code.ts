/** The kinds of errors of SQLite that the store distinguishes. */
export type SqliteFailure =
  /** The store or the disk is full. Writes succeed again when space is freed. */
  | "full"
  /** The disk or the file system has failed. Earlier writes cannot be trusted. */
  | "disk"
  /** The file is damaged, or is not a database. */
  | "damaged"
  /** Any other error: a constraint, an invalid statement, a lock. */
  | "other";

/**
 * Classifies a result code of SQLite, primary or extended: https://www.sqlite.org/rescode.html. A failed sync is
 * SQLITE_IOERR_FSYNC. A reached disk quota is SQLITE_IOERR_WRITE, which is the same as for a broken disk.
 */
export function classifySqliteCode(errcode: number | undefined): SqliteFailure {
  return (errcode === undefined ? undefined : failures.get(errcode & primaryCode)) ?? "other";
}

/** The bits of an extended code that are the primary code. */
const primaryCode = 0xff;

/** SQLITE_READONLY. */
export const sqliteReadOnly = 8;

const failures: ReadonlyMap<number, SqliteFailure> = new Map([
  [sqliteReadOnly, "disk"], // the file or its file system
  [10, "disk"], // SQLITE_IOERR
  [11, "damaged"], // SQLITE_CORRUPT
  [13, "full"], // SQLITE_FULL
  [14, "disk"], // SQLITE_CANTOPEN
  [26, "damaged"], // SQLITE_NOTADB
]);
