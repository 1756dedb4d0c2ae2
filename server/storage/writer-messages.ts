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
  /** Takes a transaction back; no error where there is none, as SQLite ends some of them itself. */
  | { readonly kind: "rollback"; readonly id: number }
  | { readonly kind: "close"; readonly id: number };

/** Rows of a query that has some, and else what it changed. Integers are bigints: none is ever rounded. */
export interface WriterResult {
  readonly rows: unknown[];
  readonly changes: bigint | undefined;
  readonly insertId: bigint | undefined;
}

/** What comes back for each request, in their order. */
export type WriterReply =
  | { readonly id: number; readonly result: WriterResult }
  | { readonly id: number; readonly error: WriterFailure };

/** An error of SQLite, as it is sent from thread to thread. */
export interface WriterFailure {
  readonly message: string;
  /** SQLite's extended code; undefined for what is no error of SQLite. */
  readonly errcode: number | undefined;
}
