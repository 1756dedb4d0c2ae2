import type { SQLInputValue } from "node:sqlite";
import { Code } from "@connectrpc/connect";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import { currentPeer } from "../../transport/protection/current-peer.ts";
import { FairQueue } from "../../transport/protection/fair-queue.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import type { DatabaseThread } from "./database-thread.ts";

/** The maximum number of queries and transactions that wait for a thread; at one commit each, some seconds of work. */
export const maxQueuedStatements = 10_000;

/** The maximum number of concurrent calls that write to the database directly. */
export const maxConcurrentWrites = 10_000;

/** The limit that clients share on calls that write to the database directly. */
export const writeLimit = {
  name: "maxConcurrentWrites",
  counted: "concurrent writes",
  max: maxConcurrentWrites,
  advice: "retry when earlier ones have finished",
};

/**
 * The Kysely dialect of a {@link DatabaseThread}. Queries and transactions run one at a time. The queue is fair: a query
 * of one client waits for at most one query of each other client.
 */
export class KyselyThreadDialect implements Dialect {
  readonly #thread: DatabaseThread;

  constructor(thread: DatabaseThread) {
    this.#thread = thread;
  }

  createDriver(): Driver {
    return new ThreadDriver(this.#thread);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new ThreadAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

class ThreadAdapter extends SqliteAdapter {
  /** Kysely runs migrations of SQLite without a transaction by default; with one, a failed migration changes nothing. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** There is one connection, but the driver queues for it: Kysely's own queue has no limit. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class ThreadDriver implements Driver {
  readonly #thread: DatabaseThread;
  readonly #connection: ThreadConnection;
  readonly #waiting = new FairQueue<() => void>();
  #waitingCount = 0;
  #isAcquired = false;

  constructor(thread: DatabaseThread) {
    this.#thread = thread;
    this.#connection = new ThreadConnection(thread);
  }

  async init(): Promise<void> {}

  /** Rejects with a {@link LimitError}, code UNAVAILABLE, if {@link maxQueuedStatements} are waiting. */
  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#waitingCount >= maxQueuedStatements) throw storeBusyError();
    if (this.#isAcquired) {
      this.#waitingCount++;
      await new Promise<void>((resolve) => this.#waiting.push(currentPeer(), resolve));
    }
    this.#isAcquired = true;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#isAcquired = false;
      return;
    }
    this.#waitingCount--;
    // The connection passes to the next in the queue. Node handles up to 1,000 messages of a thread before it polls its
    // sockets, so the next starts in the next loop iteration once the slice of this one is used:
    // https://github.com/nodejs/node/blob/main/src/node_messaging.cc
    if (callScheduler.sliceUsed) setImmediate(next.item);
    else next.item();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(): Promise<void> {
    await this.#thread.commit();
  }

  async rollbackTransaction(): Promise<void> {
    await this.#thread.rollback();
  }

  /** Does nothing: the owner of the thread closes it. */
  async destroy(): Promise<void> {}
}

function storeBusyError(): LimitError {
  const limit = maxQueuedStatements.toLocaleString("en-US");
  return new LimitError(
    { name: "maxQueuedStatements", value: maxQueuedStatements },
    `the store is busy: limit of ${limit} queued statements reached; retry later`,
    Code.Unavailable,
  );
}

class ThreadConnection implements DatabaseConnection {
  readonly #thread: DatabaseThread;

  constructor(thread: DatabaseThread) {
    this.#thread = thread;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, insertId } = await this.#thread.query(sql, parameters as readonly SQLInputValue[]);
    return {
      rows: rows as R[],
      ...(changes !== undefined && { numAffectedRows: changes }),
      ...(insertId !== undefined && { insertId }),
    };
  }

  /** Throws: a stream of rows would block the connection for all others. */
  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("streams of rows are not supported: read pages with limit");
  }
}
