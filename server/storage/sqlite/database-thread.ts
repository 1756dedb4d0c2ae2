import { once } from "node:events";
import type { SQLInputValue } from "node:sqlite";
import { Worker } from "node:worker_threads";
import {
  StoreClosedError,
  StoreDamagedError,
  StoreFullError,
  StoreReadError,
  StoreReadOnlyError,
} from "../storage-errors.ts";
import type { StoreHealth } from "../store-health.ts";
import { classifySqliteCode, sqliteReadOnly } from "./classify-result-code.ts";
import type { StatementResult, ThreadFailure, ThreadReply, ThreadRequest } from "./database-thread-messages.ts";
import type { ConnectionSettings } from "./open-thread-connection.ts";

/** An error of SQLite in a worker thread. */
export class SqliteError extends Error {
  override name = "SqliteError";
  /** The extended result code, as in 2067 for a violated unique constraint; undefined if it is not an error of SQLite. */
  readonly errcode: number | undefined;

  constructor({ message, errcode }: ThreadFailure) {
    super(message);
    this.errcode = errcode;
  }
}

export interface DatabaseThreadOptions extends ConnectionSettings {
  /** Reported as failed if the disk fails or the writer's thread ends. A failure freezes the writer. */
  readonly health: StoreHealth;
  /** Starts the worker thread. Default: `database-thread-main.ts`; tests use a thread that they can end. */
  readonly startWorker?: (settings: ConnectionSettings) => Worker;
}

/**
 * A connection in its own worker thread: a commit waits for the disk, and a large one takes milliseconds, without
 * blocking the event loop. Requests run one at a time, in their order. Disposing of it waits for them and closes the
 * connection.
 *
 * If the thread ends unexpectedly, its pending requests are rejected. A read-only thread is restarted by the next
 * request; the end of the writer makes the store read-only, because the outcome of its last commit is unknown.
 */
export class DatabaseThread implements AsyncDisposable {
  readonly #settings: ConnectionSettings;
  readonly #health: StoreHealth;
  readonly #startWorker: (settings: ConnectionSettings) => Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<StatementResult>>();
  #worker: Worker | undefined;
  #nextId = 0;
  #state: "opening" | "open" | "closed" = "opening";

  private constructor({ health, startWorker = startDatabaseWorker, ...settings }: DatabaseThreadOptions) {
    this.#settings = settings;
    this.#health = health;
    this.#startWorker = startWorker;
    this.#worker = this.#start();
  }

  /** Starts the thread, which opens the database. Rejects if the database cannot be opened. */
  static async open(options: DatabaseThreadOptions): Promise<DatabaseThread> {
    const thread = new DatabaseThread(options);
    await thread.query("select 1", []);
    thread.#state = "open";
    if (options.readOnly !== true) options.health.onFailure(() => void thread.#freeze());
    return thread;
  }

  /**
   * Runs a statement. Integers in the rows are bigints.
   *
   * Rejects with a StoreFullError if the store or the disk is full, with a StoreReadOnlyError if the disk has failed,
   * with a StoreReadError or a StoreDamagedError if rows cannot be read, with a StoreClosedError after the thread was
   * closed, and otherwise with a {@link SqliteError}.
   */
  query(sql: string, parameters: readonly SQLInputValue[]): Promise<StatementResult> {
    return this.#request({ kind: "query", id: this.#nextId++, sql, parameters });
  }

  /** Commits the transaction, which is on the disk when this resolves. Rejects as {@link query} does. */
  async commit(): Promise<void> {
    await this.#request({ kind: "commit", id: this.#nextId++ });
  }

  /** Rolls the transaction back if there is one. */
  async rollback(): Promise<void> {
    await this.#request({ kind: "rollback", id: this.#nextId++ });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const worker = this.#worker;
    if (worker === undefined) return;
    const exit = once(worker, "exit");
    await this.#send(worker, { kind: "close", id: this.#nextId++ }).catch(() => {});
    await exit;
  }

  async #freeze(): Promise<void> {
    if (this.#worker !== undefined) await this.#request({ kind: "freeze", id: this.#nextId++ }).catch(() => {});
  }

  #request(request: ThreadRequest): Promise<StatementResult> {
    if (this.#state === "closed") return Promise.reject(new StoreClosedError());
    // The end of the writer has made the store read-only: see #onExit.
    if (this.#worker === undefined && this.#settings.readOnly !== true) {
      return Promise.reject(new StoreReadOnlyError());
    }
    this.#worker ??= this.#start();
    return this.#send(this.#worker, request);
  }

  #send(worker: Worker, request: ThreadRequest): Promise<StatementResult> {
    const pending = Promise.withResolvers<StatementResult>();
    this.#pending.set(request.id, pending);
    try {
      worker.postMessage(request);
    } catch (error) {
      this.#pending.delete(request.id);
      pending.reject(error);
    }
    return pending.promise;
  }

  #start(): Worker {
    const worker = this.#startWorker(this.#settings);
    let reason: unknown = new Error("the thread of the database has ended");
    worker.on("message", (reply: ThreadReply) => this.#onReply(reply));
    worker.on("error", (error) => {
      reason = error;
    });
    worker.on("exit", () => this.#onExit(reason));
    return worker;
  }

  #onReply(reply: ThreadReply): void {
    if (reply.kind === "checkpoint failed") {
      this.#health.fail(new SqliteError(reply.error));
      return;
    }
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.kind === "done") pending?.resolve(reply.result);
    else pending?.reject(this.#toError(reply.error));
  }

  #toError(failure: ThreadFailure): Error {
    switch (classifySqliteCode(failure.errcode)) {
      case "full":
        return new StoreFullError(this.#fullMessage());
      case "disk":
        if (this.#settings.readOnly === true) return toReadError(failure);
        // The outcome of the last write is unknown.
        this.#health.fail(new SqliteError(failure));
        return new StoreReadOnlyError();
      case "damaged":
        // A write to a damaged database may destroy more of it.
        this.#health.fail(new SqliteError(failure));
        return new StoreDamagedError(failure.message, new SqliteError(failure));
      case "other":
        return new SqliteError(failure);
    }
  }

  #fullMessage(): string {
    const { maxBytes } = this.#settings;
    if (maxBytes === 0) return "the store is full: the disk has no free space";
    const limit = maxBytes.toLocaleString("en-US");
    return `the store is full: its limit of ${limit} bytes (--max-store) is reached, or the disk has no free space`;
  }

  #onExit(reason: unknown): void {
    this.#worker = undefined;
    const error = this.#errorOfExit(reason);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #errorOfExit(reason: unknown): unknown {
    if (this.#state === "opening") return reason;
    if (this.#settings.readOnly === true) return new StoreReadError("the thread that reads has ended", reason);
    if (this.#state === "open") this.#health.fail(reason);
    return new StoreReadOnlyError();
  }
}

function startDatabaseWorker(workerData: ConnectionSettings): Worker {
  const name = workerData.readOnly ? "database reader" : "database writer";
  // Without the Node flags of this process: some, such as --input-type, are invalid for a thread that runs a file.
  return new Worker(new URL("./database-thread-main.ts", import.meta.url), { workerData, execArgv: [], name });
}

/** Returns the error of a failed disk for a connection that only reads. */
function toReadError(failure: ThreadFailure): Error {
  const error = new SqliteError(failure);
  // SQLITE_READONLY is a write on a read-only connection, which is a defect of the code.
  return failure.errcode === sqliteReadOnly ? error : new StoreReadError(failure.message, error);
}
