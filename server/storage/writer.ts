import { once } from "node:events";
import type { SQLInputValue } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { classifySqliteCode } from "./result-code.ts";
import { StoreDamagedError, StoreFullError, StoreReadError, StoreReadOnlyError } from "./storage-errors.ts";
import type { StoreHealth } from "./store-health.ts";
import type { WriterFailure, WriterReply, WriterRequest, WriterResult, WriterSettings } from "./writer-messages.ts";

/** An error of SQLite that happened in the writer's thread. */
export class SqliteError extends Error {
  override name = "SqliteError";
  /** SQLite's extended code, as in 2067 for a unique key that is taken; undefined for what is no error of SQLite. */
  readonly errcode: number | undefined;

  constructor({ message, errcode }: WriterFailure) {
    super(message);
    this.errcode = errcode;
  }
}

/** What a {@link Writer} is opened with. */
export interface WriterOptions extends WriterSettings {
  /** Reported as failed if the disk fails or the thread ends. While the store is read-only the thread writes nothing. */
  readonly health: StoreHealth;
  /** Default: a thread of its own. Tests pass in one that ends. */
  readonly startThread?: (settings: WriterSettings) => Worker;
}

/**
 * The connection that writes, in a thread of its own: a commit waits for the disk, and a large one for milliseconds,
 * in which the event loop goes on.
 *
 * With the setting `isReader` it is one that only reads, which no write waits for. What is asked is done in the order in
 * which it is asked. Disposing of it waits for that, and closes the connection.
 *
 * If the thread ends by itself, what was asked of it is rejected: a reader starts another thread for the next request; a
 * writer makes the store read-only, as nobody knows what became of the last commit.
 */
export class Writer implements AsyncDisposable {
  readonly #settings: WriterSettings;
  readonly #health: StoreHealth;
  readonly #startThread: (settings: WriterSettings) => Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<WriterResult>>();
  #thread: Worker | undefined;
  #nextId = 0;
  #state: "opening" | "open" | "closed" = "opening";

  private constructor({ health, startThread = startWriterThread, ...settings }: WriterOptions) {
    this.#settings = settings;
    this.#health = health;
    this.#startThread = startThread;
    this.#thread = this.#start();
  }

  /** Starts the thread, which opens the database. Rejects where it cannot. */
  static async open(options: WriterOptions): Promise<Writer> {
    const writer = new Writer(options);
    await writer.query("select 1", []);
    writer.#state = "open";
    if (options.isReader !== true) options.health.onFailure(() => void writer.#freeze());
    return writer;
  }

  /**
   * Runs a statement. Integers among the rows are bigints.
   *
   * Rejects with a StoreFullError if the store or the disk is full, with a StoreReadOnlyError if the disk has failed,
   * with a StoreReadError or a StoreDamagedError if rows cannot be read, and with a {@link SqliteError} else.
   */
  query(sql: string, parameters: readonly SQLInputValue[]): Promise<WriterResult> {
    return this.#ask({ kind: "query", id: this.#nextId++, sql, parameters });
  }

  /** Ends a transaction. What it wrote is on the disk when this resolves. Rejects as {@link query} does. */
  async commit(): Promise<void> {
    await this.#ask({ kind: "commit", id: this.#nextId++ });
  }

  /** Takes a transaction back, where there is one. */
  async rollback(): Promise<void> {
    await this.#ask({ kind: "rollback", id: this.#nextId++ });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const thread = this.#thread;
    if (thread === undefined) return;
    const exit = once(thread, "exit");
    await this.#send(thread, { kind: "close", id: this.#nextId++ }).catch(() => {});
    await exit;
  }

  async #freeze(): Promise<void> {
    if (this.#thread !== undefined) await this.#ask({ kind: "freeze", id: this.#nextId++ }).catch(() => {});
  }

  #ask(request: WriterRequest): Promise<WriterResult> {
    if (this.#state === "closed") return Promise.reject(new StoreReadError("the server shuts down"));
    // A dead writer has failed the store: see #onEnd.
    if (this.#thread === undefined && this.#settings.isReader !== true) return Promise.reject(new StoreReadOnlyError());
    this.#thread ??= this.#start();
    return this.#send(this.#thread, request);
  }

  #send(thread: Worker, request: WriterRequest): Promise<WriterResult> {
    const waiting = Promise.withResolvers<WriterResult>();
    this.#waiting.set(request.id, waiting);
    try {
      thread.postMessage(request);
    } catch (error) {
      this.#waiting.delete(request.id);
      waiting.reject(error);
    }
    return waiting.promise;
  }

  #start(): Worker {
    const thread = this.#startThread(this.#settings);
    let reason: unknown = new Error("the thread of the database has ended");
    thread.on("message", (reply: WriterReply) => this.#onReply(reply));
    thread.on("error", (error) => {
      reason = error;
    });
    thread.on("exit", () => this.#onEnd(reason));
    return thread;
  }

  #onReply(reply: WriterReply): void {
    if (reply.kind === "checkpoint failed") {
      this.#health.fail(new SqliteError(reply.error));
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "done") waiting?.resolve(reply.result);
    else waiting?.reject(this.#toError(reply.error));
  }

  #toError(failure: WriterFailure): Error {
    switch (classifySqliteCode(failure.errcode)) {
      case "full":
        return new StoreFullError(`the store is full: ${this.#limit()}the disk has no more room`);
      case "disk":
        // A writer does not know what became of what it wrote.
        if (this.#settings.isReader === true) return toReadError(failure);
        this.#health.fail(new SqliteError(failure));
        return new StoreReadOnlyError();
      case "damaged":
        // Whatever is written to a damaged database may destroy more of it.
        this.#health.fail(new SqliteError(failure));
        return new StoreDamagedError(failure.message, new SqliteError(failure));
      case "other":
        return new SqliteError(failure);
    }
  }

  #limit(): string {
    const { maxBytes } = this.#settings;
    return maxBytes > 0 ? `it may have ${maxBytes.toLocaleString("en-US")} bytes (--max-store), or ` : "";
  }

  #onEnd(reason: unknown): void {
    this.#thread = undefined;
    const error = this.#errorOfEnd(reason);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #errorOfEnd(reason: unknown): unknown {
    if (this.#state === "opening") return reason;
    if (this.#settings.isReader === true) return new StoreReadError("the thread that reads has ended", reason);
    if (this.#state === "open") this.#health.fail(reason);
    return new StoreReadOnlyError();
  }
}

function startWriterThread(workerData: WriterSettings): Worker {
  // No flags of this process: some, as --input-type, are not for a file.
  const name = workerData.isReader ? "database reader" : "database writer";
  return new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData, execArgv: [], name });
}

/** An error of the disk that a reader has met. */
function toReadError(failure: WriterFailure): Error {
  const error = new SqliteError(failure);
  // A reader that is asked to write is a mistake in the code.
  return failure.errcode === sqliteReadOnly ? error : new StoreReadError(failure.message, error);
}

const sqliteReadOnly = 8;
