import type { StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { openWriter } from "./open-writer.ts";
import { classifySqliteCode } from "./result-code.ts";
import type { WriterFailure, WriterReply, WriterRequest, WriterResult, WriterSettings } from "./writer-messages.ts";

// The thread that owns the connection which writes. Here alone the process waits for the disk.

/** Statements that stay prepared, by their text: the least recently used one makes room. */
const maxStatements = 100;

if (parentPort === null) throw new Error("this file is the main file of a worker thread");
const port = parentPort;
const settings = workerData as WriterSettings;
const sqlite = openWriter(settings);
const statements = new Map<string, { readonly statement: StatementSync; readonly hasRows: boolean }>();

/** Whether nothing more is written: a write has failed here or elsewhere in the data directory. */
let isFrozen = false;

port.on("message", (request: WriterRequest) => {
  const { id } = request;
  let reply: WriterReply;
  try {
    reply = { kind: "done", id, result: run(request) };
  } catch (error) {
    reply = { kind: "failed", id, error: failureOf(error) };
  }
  port.postMessage(reply);
  if (request.kind === "close") port.close();
  // After the reply: what was committed is on the disk, in the log, and nobody waits for this.
  else if (mayHaveCommitted(request)) checkpointIfDue();
});

function mayHaveCommitted(request: WriterRequest): boolean {
  if (settings.isReader === true || sqlite.isTransaction) return false;
  return request.kind === "commit" || (request.kind === "query" && !/^\s*select\b/i.test(request.sql));
}

/** Notes that the disk has failed before anything else is done: no later write may be acknowledged. */
function failureOf(error: unknown): WriterFailure {
  const failure = toFailure(error);
  const kind = classifySqliteCode(failure.errcode);
  if (settings.isReader !== true && (kind === "disk" || kind === "damaged")) freeze();
  return failure;
}

function freeze(): void {
  isFrozen = true;
  sqlite.exec("pragma query_only = on");
}

/** How many pages of 4 KiB the log has before it is moved into the database: as many as with SQLite itself. */
const checkpointPages = 1_000;

/**
 * Moves the log into the database when it is long. A sync of the database that fails would go unnoticed in SQLite's own
 * checkpoint, and the next one would succeed, empty the log, and lose what it had:
 * https://www.sqlite.org/c3ref/wal_autocheckpoint.html.
 */
function checkpointIfDue(): void {
  if (isFrozen) return;
  try {
    const { log } = prepare("pragma wal_checkpoint(noop)").statement.get() as { log: bigint };
    if (log >= checkpointPages) sqlite.exec("pragma wal_checkpoint(passive)");
  } catch (error) {
    const failure = failureOf(error);
    if (isFrozen) port.postMessage({ kind: "checkpoint failed", error: failure } satisfies WriterReply);
  }
}

function run(request: WriterRequest): WriterResult {
  switch (request.kind) {
    case "query": {
      const { statement, hasRows } = prepare(request.sql);
      if (hasRows) return { ...nothing, rows: statement.all(...request.parameters) };
      const { changes, lastInsertRowid } = statement.run(...request.parameters);
      return { rows: [], changes: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    }
    case "commit":
      if (isFrozen) throw frozen;
      sqlite.exec("commit");
      return nothing;
    case "freeze":
      freeze();
      return nothing;
    case "rollback":
      if (sqlite.isTransaction) sqlite.exec("rollback");
      return nothing;
    case "close":
      if (sqlite.isOpen) sqlite.close();
      return nothing;
  }
}

/** As SQLite refuses a write: SQLITE_READONLY. */
const frozen = Object.assign(new Error("attempt to write a readonly database"), { errcode: 8 });

const nothing: WriterResult = { rows: [], changes: undefined, insertId: undefined };

function prepare(sql: string) {
  const known = statements.get(sql);
  if (known !== undefined) {
    statements.delete(sql);
    statements.set(sql, known);
    return known;
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

function toFailure(error: unknown): WriterFailure {
  const { message, errcode } = error as { message?: unknown; errcode?: unknown };
  return { message: String(message ?? error), errcode: typeof errcode === "number" ? errcode : undefined };
}
