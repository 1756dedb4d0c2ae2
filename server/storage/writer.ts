import { once } from "node:events";
import type { SQLInputValue } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { StoreFullError } from "../domain-errors.ts";
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

/**
 * The connection that writes, in a thread of its own: a commit waits for the disk, and a large one for milliseconds,
 * in which the event loop goes on.
 *
 * With the setting `isReader` it is one that only reads, which no write waits for. What is asked is done in the order in
 * which it is asked. Disposing of it waits for that, and closes the connection.
 */
export class Writer implements AsyncDisposable {
  readonly #thread: Worker;
  readonly #settings: WriterSettings;
  readonly #waiting = new Map<number, PromiseWithResolvers<WriterResult>>();
  #nextId = 0;
  #ended: Error | undefined;

  private constructor(thread: Worker, settings: WriterSettings) {
    this.#thread = thread;
    this.#settings = settings;
    thread.on("message", (reply: WriterReply) => this.#onReply(reply));
    thread.on("error", (error) => this.#end(error as Error));
    thread.on("exit", () => this.#end(new Error("the thread of the database has ended")));
  }

  /** Starts the thread, which opens the database. Rejects where it cannot. */
  static async open(settings: WriterSettings): Promise<Writer> {
    // No flags of this process: some, as --input-type, are not for a file.
    const options = {
      workerData: settings,
      execArgv: [],
      name: settings.isReader ? "database reader" : "database writer",
    };
    const writer = new Writer(new Worker(new URL("./writer-thread.ts", import.meta.url), options), settings);
    await writer.query("select 1", []);
    return writer;
  }

  /**
   * Runs a statement. Integers among the rows are bigints.
   *
   * Rejects with a StoreFullError where the store or the disk is full, and with a {@link SqliteError} else.
   */
  query(sql: string, parameters: readonly SQLInputValue[]): Promise<WriterResult> {
    return this.#ask({ kind: "query", id: this.#nextId++, sql, parameters });
  }

  /** Takes a transaction back, where there is one. */
  async rollback(): Promise<void> {
    await this.#ask({ kind: "rollback", id: this.#nextId++ });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended !== undefined) return;
    const exit = once(this.#thread, "exit");
    await this.#ask({ kind: "close", id: this.#nextId++ });
    await exit;
  }

  #ask(request: WriterRequest): Promise<WriterResult> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const waiting = Promise.withResolvers<WriterResult>();
    this.#waiting.set(request.id, waiting);
    try {
      this.#thread.postMessage(request);
    } catch (error) {
      this.#waiting.delete(request.id);
      waiting.reject(error);
    }
    return waiting.promise;
  }

  #onReply(reply: WriterReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("result" in reply) waiting?.resolve(reply.result);
    else waiting?.reject(this.#toError(reply.error));
  }

  #toError(failure: WriterFailure): Error {
    const isFull = failure.errcode !== undefined && (failure.errcode & primaryCode) === sqliteFull;
    if (!isFull) return new SqliteError(failure);
    const { maxBytes } = this.#settings;
    const limit = maxBytes > 0 ? `it may have ${maxBytes.toLocaleString("en-US")} bytes (--max-store), or ` : "";
    return new StoreFullError(`the store is full: ${limit}the disk has no more room`);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}

/** The bits of an extended code that say what it is about. */
const primaryCode = 0xff;
const sqliteFull = 13;
