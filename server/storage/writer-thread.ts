import type { StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { openWriter } from "./open-writer.ts";
import type { WriterFailure, WriterReply, WriterRequest, WriterResult, WriterSettings } from "./writer-messages.ts";

// The thread that owns the connection which writes. Here alone the process waits for the disk.

/** Statements that stay prepared, by their text: the least recently used one makes room. */
const maxStatements = 100;

if (parentPort === null) throw new Error("this file is the main file of a worker thread");
const port = parentPort;
const sqlite = openWriter(workerData as WriterSettings);
const statements = new Map<string, { readonly statement: StatementSync; readonly hasRows: boolean }>();

port.on("message", (request: WriterRequest) => {
  const { id } = request;
  let reply: WriterReply;
  try {
    reply = { id, result: run(request) };
  } catch (error) {
    reply = { id, error: toFailure(error) };
  }
  port.postMessage(reply);
  if (request.kind === "close") port.close();
});

function run(request: WriterRequest): WriterResult {
  switch (request.kind) {
    case "query": {
      const { statement, hasRows } = prepare(request.sql);
      if (hasRows) return { ...nothing, rows: statement.all(...request.parameters) };
      const { changes, lastInsertRowid } = statement.run(...request.parameters);
      return { rows: [], changes: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    }
    case "rollback":
      if (sqlite.isTransaction) sqlite.exec("rollback");
      return nothing;
    case "close":
      if (sqlite.isOpen) sqlite.close();
      return nothing;
  }
}

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
