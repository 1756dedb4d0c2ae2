import type { SQLInputValue } from "node:sqlite";

/** What the writer's thread is started with. */
export interface WriterSettings {
  readonly path: string;
  /** Whether it only reads, beside the one that writes: the same thread serves for long reads. Default: false. */
  readonly isReader?: boolean;
  /** The most bytes that the database may have; 0: as many as SQLite can. */
  readonly maxBytes: number;
}

/** What the writer is asked to do. They are done one after the other, in the order in which they are sent. */
export type WriterRequest =
  | { readonly kind: "query"; readonly id: number; readonly sql: string; readonly parameters: readonly SQLInputValue[] }
  /** Ends a transaction; what it wrote is on the disk when the reply comes. */
  | { readonly kind: "commit"; readonly id: number }
  /** Takes a transaction back; no error where there is none, as SQLite ends some of them itself. */
  | { readonly kind: "rollback"; readonly id: number }
  /** Refuses all that writes from now on, and the commit of what was written before. Reads continue. */
  | { readonly kind: "freeze"; readonly id: number }
  | { readonly kind: "close"; readonly id: number };

/** Rows of a query that has some, and else what it changed. Integers are bigints: none is ever rounded. */
export interface WriterResult {
  readonly rows: unknown[];
  readonly changes: bigint | undefined;
  readonly insertId: bigint | undefined;
}

/** What comes back: a reply for each request, in their order. */
export type WriterReply =
  /** The log could not be moved into the database. What was committed is in the log, and nothing more is written. */
  | { readonly kind: "checkpoint failed"; readonly error: WriterFailure }
  | { readonly kind: "done"; readonly id: number; readonly result: WriterResult }
  | { readonly kind: "failed"; readonly id: number; readonly error: WriterFailure };

/** An error of SQLite, as it is sent from thread to thread. */
export interface WriterFailure {
  readonly message: string;
  /** SQLite's extended code; undefined for what is no error of SQLite. */
  readonly errcode: number | undefined;
}
