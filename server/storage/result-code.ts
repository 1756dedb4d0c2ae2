/** What an error of SQLite means for the store. */
export type SqliteFailure =
  /** The store or the disk is full: writes succeed again when there is room. */
  | "full"
  /** The disk or the file refuses what SQLite asks of it: what was written before cannot be trusted. */
  | "disk"
  /** The file is no database, or is damaged. */
  | "damaged"
  /** None of these: a constraint, a statement that is wrong, a lock. */
  | "other";

/**
 * Classifies a result code of SQLite, extended or not: https://www.sqlite.org/rescode.html. A sync that fails is
 * SQLITE_IOERR_FSYNC. A quota that is reached is SQLITE_IOERR_WRITE, which cannot be distinguished from a broken disk.
 */
export function classifySqliteCode(errcode: number | undefined): SqliteFailure {
  return (errcode === undefined ? undefined : failures.get(errcode & primaryCode)) ?? "other";
}

/** The bits of an extended code that hold the primary one. */
const primaryCode = 0xff;

const failures: ReadonlyMap<number, SqliteFailure> = new Map([
  [8, "disk"], // SQLITE_READONLY: the file or its file system
  [10, "disk"], // SQLITE_IOERR
  [11, "damaged"], // SQLITE_CORRUPT
  [13, "full"], // SQLITE_FULL
  [14, "disk"], // SQLITE_CANTOPEN
  [26, "damaged"], // SQLITE_NOTADB
]);
