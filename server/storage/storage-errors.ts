import { Code } from "@connectrpc/connect";
import { DomainError } from "../shared/domain-error.ts";

/** The store or its disk is full. */
export class StoreFullError extends DomainError {
  override name = "StoreFullError";
  readonly code = Code.ResourceExhausted;

  /** @param problem what is full, as in `the store is full: its limit of 1,000,000 bytes (--max-store) is reached` */
  constructor(problem: string) {
    super(
      `${problem}. Acknowledged data is stored. When the operator has freed space, resend the data that was not ` +
        "acknowledged",
    );
  }
}

/**
 * The store refuses writes until the server is restarted: a write or a sync has failed, the database is damaged, the writer
 * thread has ended, or a file of the data directory was removed or replaced.
 */
export class StoreReadOnlyError extends DomainError {
  override name = "StoreReadOnlyError";
  readonly code = Code.Unavailable;

  constructor() {
    super(storeReadOnlyMessage);
  }
}

/** The message of a {@link StoreReadOnlyError}, and of the error of an upload that is refused for the same reason. */
export const storeReadOnlyMessage =
  "the store is read-only after a failure of its disk, its database or its directory: acknowledged data is stored unless " +
  "the database is damaged; " +
  "the operator must check the disk and restart the server; then resend the data that was not acknowledged";

/** The server shuts down, and its store is closed. */
export class StoreClosedError extends DomainError {
  override name = "StoreClosedError";
  readonly code = Code.Unavailable;

  constructor() {
    super("the store is closed, because the server shuts down: retry after the server has restarted");
  }
}

/** A read of the store has failed. */
export class StoreReadError extends DomainError {
  override name = "StoreReadError";
  readonly code = Code.Unavailable;

  /** @param problem the message of the failure, as in `disk I/O error` */
  constructor(problem: string, cause?: unknown) {
    super(
      `the store cannot be read (${problem}): retry later; if the error persists, the operator must check the disk and the log`,
      {
        cause,
      },
    );
  }
}

/** The database is damaged. */
export class StoreDamagedError extends DomainError {
  override name = "StoreDamagedError";
  readonly code = Code.DataLoss;

  /** @param problem the message of SQLite, as in `database disk image is malformed` */
  constructor(problem: string, cause?: unknown) {
    super(`the database is damaged (${problem}): the operator must restore a backup`, { cause });
  }
}

/** The data directory cannot be used. The message is for the operator: it has the path and what to do. */
export class DataDirectoryError extends Error {
  override name = "DataDirectoryError";

  /** @param problem a sentence without its full stop, as in `the data directory /var/bourse cannot be written` */
  constructor(problem: string, advice: string, cause?: unknown) {
    super(`${problem}${cause instanceof Error ? ` (${cause.message})` : ""}: ${advice}`, { cause });
  }
}
