import type { SQLInputValue } from "node:sqlite";

/** A request to the worker thread. The thread runs its requests one at a time, in the order in which they were sent. */
export type ThreadRequest =
  | { readonly kind: "query"; readonly id: number; readonly sql: string; readonly parameters: readonly SQLInputValue[] }
  /** Commits the transaction; the reply follows when it is on the disk. */
  | { readonly kind: "commit"; readonly id: number }
  /** Rolls the transaction back; no error if there is none, because SQLite rolls back some transactions itself. */
  | { readonly kind: "rollback"; readonly id: number }
  /** Refuses every later write, and the commit of an open transaction. Reads continue. */
  | { readonly kind: "freeze"; readonly id: number }
  | { readonly kind: "close"; readonly id: number };

/** The result of a statement. Integers are bigints, so that none is rounded. */
export interface StatementResult {
  /** Empty if the statement returns no rows. */
  readonly rows: unknown[];
  /** The number of changed rows, and the id of the last inserted row; undefined if the statement returns rows. */
  readonly changes: bigint | undefined;
  readonly insertId: bigint | undefined;
}

/** A message from the worker thread: a reply to each request, in their order, and failed checkpoints. */
export type ThreadReply =
  /** The WAL could not be moved into the database. Committed data is in the WAL; the thread writes nothing more. */
  | { readonly kind: "checkpoint failed"; readonly error: ThreadFailure }
  | { readonly kind: "done"; readonly id: number; readonly result: StatementResult }
  | { readonly kind: "failed"; readonly id: number; readonly error: ThreadFailure };

/** An error of the worker thread, in a form that can be posted to another thread. */
export interface ThreadFailure {
  readonly message: string;
  /** The extended result code of SQLite; undefined if it is not an error of SQLite. */
  readonly errcode: number | undefined;
}
