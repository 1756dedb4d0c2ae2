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
import { callScheduler } from "../transport/protection/call-scheduler.ts";
import { FairQueue } from "../transport/protection/fair-queue.ts";
import { LimitError } from "../transport/protection/limit-error.ts";
import { currentPeer } from "../transport/protection/peer.ts";
import type { Writer } from "./writer.ts";

/** How many queries and transactions may wait for the connection: with one commit each, some seconds of work. */
export const maxWaitingWrites = 10_000;

/** The limit on calls that write to the database by themselves, as clients share it. */
export const writeLimit = { name: "maxWaitingWrites", counted: "concurrent writes", max: maxWaitingWrites };

/**
 * Kysely on the connection of a {@link Writer}. Queries and transactions have it one after the other, from all clients in
 * turn: those of one wait for one of another at most, however many that one has.
 */
export class WriterDialect implements Dialect {
  readonly #writer: Writer;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  createDriver(): Driver {
    return new WriterDriver(this.#writer);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new WriterAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

class WriterAdapter extends SqliteAdapter {
  /** Kysely runs SQLite's migrations without a transaction; with one, a migration that fails leaves nothing behind. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** There is one, but the driver itself hands it out: Kysely's queue for it has no limit. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class WriterDriver implements Driver {
  readonly #writer: Writer;
  readonly #connection: WriterConnection;
  readonly #waiting = new FairQueue<() => void>();
  #waitingCount = 0;
  #isTaken = false;

  constructor(writer: Writer) {
    this.#writer = writer;
    this.#connection = new WriterConnection(writer);
  }

  async init(): Promise<void> {}

  /** Rejects with a {@link LimitError}, code UNAVAILABLE, if {@link maxWaitingWrites} are waiting. */
  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#waitingCount >= maxWaitingWrites) throw storeBusyError();
    if (this.#isTaken) {
      this.#waitingCount++;
      await new Promise<void>((resolve) => this.#waiting.push(currentPeer(), resolve));
    }
    this.#isTaken = true;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#isTaken = false;
      return;
    }
    this.#waitingCount--;
    // It stays taken. Node handles up to 1,000 messages of a thread before it looks at its sockets: so what follows a long
    // row of replies waits for the next turn. https://github.com/nodejs/node/blob/main/src/node_messaging.cc
    if (callScheduler.sliceUsed) setImmediate(next.item);
    else next.item();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(): Promise<void> {
    await this.#writer.commit();
  }

  async rollbackTransaction(): Promise<void> {
    await this.#writer.rollback();
  }

  /** Who opened the writer closes it. */
  async destroy(): Promise<void> {}
}

function storeBusyError(): LimitError {
  return new LimitError(
    { name: "maxWaitingWrites", value: maxWaitingWrites },
    `the store is busy: limit of ${maxWaitingWrites.toLocaleString("en-US")} waiting writes reached; retry later`,
    Code.Unavailable,
  );
}

class WriterConnection implements DatabaseConnection {
  readonly #writer: Writer;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, insertId } = await this.#writer.query(sql, parameters as readonly SQLInputValue[]);
    return {
      rows: rows as R[],
      ...(changes !== undefined && { numAffectedRows: changes }),
      ...(insertId !== undefined && { insertId }),
    };
  }

  /** A stream of rows would keep the connection from everybody else. */
  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("read in pages");
  }
}
