import type { StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { classifySqliteCode, sqliteReadOnly } from "./classify-result-code.ts";
import type { StatementResult, ThreadFailure, ThreadReply, ThreadRequest } from "./database-thread-messages.ts";
import { type ConnectionSettings, openThreadConnection } from "./open-thread-connection.ts";

// The worker thread of a DatabaseThread: it owns the connection, and only it waits for the disk.

/** The number of prepared statements that are kept. The least recently used one is evicted. */
const maxStatements = 100;

if (parentPort === null) throw new Error("this file is the main file of a worker thread");
const port = parentPort;
const settings = workerData as ConnectionSettings;
const sqlite = openThreadConnection(settings);
const statements = new Map<string, { readonly statement: StatementSync; readonly hasRows: boolean }>();

/** Whether writes are refused: a write has failed, here or elsewhere in the data directory. */
let isFrozen = false;

port.on("message", (request: ThreadRequest) => {
  const { id } = request;
  let reply: ThreadReply;
  try {
    reply = { kind: "done", id, result: run(request) };
  } catch (error) {
    reply = { kind: "failed", id, error: failureOf(error) };
  }
  port.postMessage(reply);
  if (request.kind === "close") port.close();
  // After the reply: the commit is on the disk, in the WAL, and no caller waits for the checkpoint.
  else if (mayHaveCommitted(request)) checkpointIfDue();
});

function mayHaveCommitted(request: ThreadRequest): boolean {
  if (settings.readOnly === true || sqlite.isTransaction) return false;
  return request.kind === "commit" || (request.kind === "query" && !/^\s*select\b/i.test(request.sql));
}

/** Freezes the connection if the disk has failed, before the next request: no later write may be acknowledged. */
function failureOf(error: unknown): ThreadFailure {
  const failure = toFailure(error);
  const kind = classifySqliteCode(failure.errcode);
  if (settings.readOnly !== true && (kind === "disk" || kind === "damaged")) freeze();
  return failure;
}

function freeze(): void {
  isFrozen = true;
  sqlite.exec("pragma query_only = on");
}

/** The length of the log, in pages of 4 KiB, at which it is moved into the database; the same as SQLite's default. */
const checkpointPages = 1_000;

/**
 * Moves a long log into the database. SQLite's automatic checkpoint would ignore a failed sync of the database; the next
 * checkpoint would succeed, empty the log and lose its content: https://www.sqlite.org/c3ref/wal_autocheckpoint.html.
 */
function checkpointIfDue(): void {
  if (isFrozen) return;
  try {
    const { log } = prepare("pragma wal_checkpoint(noop)").statement.get() as { log: bigint };
    if (log >= checkpointPages) sqlite.exec("pragma wal_checkpoint(passive)");
  } catch (error) {
    const failure = failureOf(error);
    if (isFrozen) port.postMessage({ kind: "checkpoint failed", error: failure } satisfies ThreadReply);
  }
}

function run(request: ThreadRequest): StatementResult {
  switch (request.kind) {
    case "query": {
      const { statement, hasRows } = prepare(request.sql);
      if (hasRows) return { ...noResult, rows: statement.all(...request.parameters) };
      const { changes, lastInsertRowid } = statement.run(...request.parameters);
      return { rows: [], changes: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    }
    case "commit":
      if (isFrozen) throw frozenError;
      sqlite.exec("commit");
      return noResult;
    case "freeze":
      freeze();
      return noResult;
    case "rollback":
      if (sqlite.isTransaction) sqlite.exec("rollback");
      return noResult;
    case "close":
      if (sqlite.isOpen) sqlite.close();
      return noResult;
  }
}

/** The error with which SQLite refuses a write on a read-only connection. */
const frozenError = Object.assign(new Error("attempt to write a readonly database"), { errcode: sqliteReadOnly });

const noResult: StatementResult = { rows: [], changes: undefined, insertId: undefined };

function prepare(sql: string) {
  const cached = statements.get(sql);
  if (cached !== undefined) {
    statements.delete(sql);
    statements.set(sql, cached);
    return cached;
  }
  const statement = sqlite.prepare(sql);
  const prepared = { statement, hasRows: statement.columns().length > 0 };
  statements.set(sql, prepared);
  for (const oldest of statements.keys()) {
    if (statements.size <= maxStatements) break;
    statements.delete(oldest);
  }
  return prepared;
}

function toFailure(error: unknown): ThreadFailure {
  const { message, errcode } = error as { message?: unknown; errcode?: unknown };
  return { message: String(message ?? error), errcode: typeof errcode === "number" ? errcode : undefined };
}
