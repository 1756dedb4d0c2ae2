import { mkdtempDisposable, open, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { CompiledQuery, sql } from "kysely";
import { describe, expect, test } from "vitest";
import { sliceMs } from "../../transport/protection/call-scheduler.ts";
import { runForPeer } from "../../transport/protection/current-peer.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { StoreFullError, StoreReadError, StoreReadOnlyError } from "../storage-errors.ts";
import { StoreHealth } from "../store-health.ts";
import { openTestDatabase } from "../testing/test-database.ts";
import { type DatabaseOptions, databaseFileName } from "./database.ts";
import { DatabaseThread, SqliteError } from "./database-thread.ts";
import { maxQueuedStatements } from "./kysely-thread-dialect.ts";
import type { ConnectionSettings } from "./open-thread-connection.ts";

test("an error of SQLite has its result code", async () => {
  await using opened = await openSome();
  await opened.write("a");
  const again = await opened.write("a").catch((error: unknown) => error);
  expect(again).toBeInstanceOf(SqliteError);
  expect(again).toMatchObject({ errcode: 2067, message: "UNIQUE constraint failed: item.id" });
});

test("parameters that cannot be posted to the thread are an error, and the thread continues", async () => {
  await using opened = await openSome();
  const { tables } = opened.database;
  const uncloneable = CompiledQuery.raw("select ?", [Symbol("of this thread")]);
  await expect(tables.executeQuery(uncloneable)).rejects.toThrow("could not be cloned");
  expect((await sql`select ${2n ** 62n} as value`.execute(tables)).rows).toEqual([{ value: 2n ** 62n }]);
});

test("the event loop continues during a long statement", async () => {
  await using opened = await openSome();
  const counting = sql`
    with recursive counter(value) as (select 1 union all select value + 1 from counter where value < 3000000)
    select max(value) as value from counter`.execute(opened.database.tables);
  let turns = 0;
  let isOver = false;
  void counting.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    turns++;
  }
  expect((await counting).rows).toEqual([{ value: 3_000_000n }]);
  expect(turns).toBeGreaterThan(100);
});

test("a query of a client waits for at most one query of another client", async () => {
  await using opened = await openSome();
  const ended: string[] = [];
  const query = async (peer: string) => {
    await runForPeer(peer, () => sql`select 1`.execute(opened.database.tables));
    ended.push(peer);
  };
  await Promise.all([...Array.from({ length: 50 }, () => query("a")), query("b")]);
  expect(ended.indexOf("b")).toBeLessThanOrEqual(2);
});

test("the event loop runs between replies that take long to handle, also if the next reply has arrived", async () => {
  await using opened = await openSome();
  const turnsOfReplies: number[] = [];
  let turn = 0;
  const query = async () => {
    await sql`select 1`.execute(opened.database.tables);
    const end = performance.now() + sliceMs;
    while (performance.now() <= end);
    turnsOfReplies.push(turn);
  };
  const queries = Promise.all(Array.from({ length: 30 }, query));
  for (; turnsOfReplies.length < 30; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await queries;
  const repliesOfTurns = Map.groupBy(turnsOfReplies, (each) => each).values();
  expect(Math.max(...repliesOfTurns.map((replies) => replies.length))).toBeLessThanOrEqual(3);
});

test("concurrent transactions do not interleave", async () => {
  await using opened = await openSome();
  const { tables } = opened.database;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) =>
      tables.transaction().execute(async (transaction) => {
        const row = { body: new Uint8Array(1) };
        await transaction
          .insertInto("item")
          .values({ ...row, id: `${n}-first` })
          .execute();
        await transaction
          .insertInto("item")
          .values({ ...row, id: `${n}-second` })
          .execute();
        if (n % 2 === 0) throw new Error("taken back");
      }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect(opened.database.reader.prepare("select count(*) as count from item").get()).toEqual({ count: 40 });
});

test("queries over the limit are refused, and the others run", async () => {
  await using opened = await openSome();
  const { tables } = opened.database;
  const release = Promise.withResolvers<void>();
  const holding = tables.transaction().execute(async () => release.promise);
  const waiting = Array.from({ length: maxQueuedStatements + 5 }, () => sql`select 1`.execute(tables));
  const outcomes = Promise.allSettled(waiting);
  await expect(waiting.at(-1)).rejects.toThrow(LimitError);
  release.resolve();
  await holding;
  const refused = (await outcomes).filter(({ status }) => status === "rejected").length;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThanOrEqual(6);
});

test("a full store reports its limit, keeps its rows, and can be read", async () => {
  await using opened = await openSome({ maxBytes: 300_000 });
  let stored = 0;
  const filling = async () => {
    for (; ; stored++) await opened.write(`product ${stored}`, 10_000);
  };
  const full = await filling().catch((error: unknown) => error);
  expect(full).toBeInstanceOf(StoreFullError);
  expect((full as Error).message).toContain("its limit of 300,000 bytes (--max-store) is reached");
  expect(stored).toBeGreaterThan(10);
  const count = await sql`select count(*) as count from item`.execute(opened.database.tables);
  expect(count.rows).toEqual([{ count: BigInt(stored) }]);
  expect((await stat(join(opened.path, databaseFileName))).size).toBeLessThanOrEqual(300_000);
});

test("a transaction that fills the store is rolled back, and the next one succeeds", async () => {
  await using opened = await openSome({ maxBytes: 300_000 });
  const filling = opened.database.tables.transaction().execute(async (transaction) => {
    for (let n = 0; ; n++) {
      const row = { id: `${n}`, body: new Uint8Array(10_000) };
      await transaction.insertInto("item").values(row).execute();
    }
  });
  await expect(filling).rejects.toThrow(StoreFullError);
  await opened.write("small", 10);
  expect(opened.database.reader.prepare("select id from item").all()).toEqual([{ id: "small" }]);
});

test("a damaged database is refused at the start, with advice", async () => {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-damage-"));
  {
    await using database = await openTestDatabase(temporary.path);
    for (let n = 0; n < 200; n++) await write(database, `product ${n}`, 1_000);
  }
  const path = join(temporary.path, databaseFileName);
  const { size } = await stat(path);
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(20_000, 0xab), 0, 20_000, Math.floor(size / 2));
  await file.close();
  await expect(openTestDatabase(temporary.path)).rejects.toThrow(/is damaged .*restore a backup/s);
});

describe("the unexpected end of a thread", () => {
  test("makes the store read-only, and rejects pending requests", async () => {
    await using opened = await openThreads();
    const long = opened.writer.query(countTo(30_000_000), []);
    void opened.end();
    await expect(long).rejects.toThrow(StoreReadOnlyError);
    await expect(opened.writer.query("select 1", [])).rejects.toThrow(StoreReadOnlyError);
    expect(opened.health.isReadOnly).toBe(true);
  });

  test("restarts a read-only thread, and its pending requests are unavailable", async () => {
    await using opened = await openThreads({ readOnly: true });
    const long = opened.writer.query(countTo(30_000_000), []);
    void opened.end();
    await expect(long).rejects.toThrow(StoreReadError);
    expect((await opened.writer.query("select 7 as value", [])).rows).toEqual([{ value: 7n }]);
    expect(opened.health.isReadOnly).toBe(false);
  });

  test("is not reported after the thread was disposed of", async () => {
    const opened = await openThreads();
    await opened[Symbol.asyncDispose]();
    expect(opened.health.isReadOnly).toBe(false);
  });
});

test("the writing thread runs a checkpoint after as many pages as SQLite", async () => {
  await using opened = await openSome();
  for (let n = 0; n < 300; n++) await opened.write(`product ${n}`, 20_000);
  const { size } = await stat(join(opened.path, `${databaseFileName}-wal`));
  expect(size).toBeLessThan(2 * 1_000 * 4_096);
  expect((await stat(join(opened.path, databaseFileName))).size).toBeGreaterThan(4 * 1_000 * 1_000);
});

test("a database whose damage is found by a read accepts no more writes", async () => {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-damage-"));
  const path = join(temporary.path, databaseFileName);
  await using database = await openTestDatabase(temporary.path);
  for (let n = 0; n < 200; n++) await write(database, `product ${n}`, 20_000);
  await sql`pragma wal_checkpoint(truncate)`.execute(database.tables);
  const { size } = await stat(path);
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(size - 8_192, 0xab), 0, size - 8_192, 8_192);
  await file.close();
  using other = new DatabaseSync(path, { readOnly: true });
  expect(() => other.prepare("select sum(length(body)) from item").all()).toThrow();
  const reading = database.queries.selectFrom("item").selectAll().execute();
  await expect(reading).rejects.toThrow(/^the database is damaged/);
  await expect(write(database, "more", 1)).rejects.toThrow(StoreReadOnlyError);
  expect(database.health.isReadOnly).toBe(true);
});

function countTo(limit: number): string {
  return `with recursive counter(value) as (select 1 union all select value + 1 from counter where value < ${limit})
    select max(value) from counter`;
}

/** Opens threads whose writer a test can end in the same way as an out-of-memory error. */
async function openThreads({ readOnly = false } = {}) {
  const resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-thread-")));
  const file = join(path, databaseFileName);
  await (await openTestDatabase(path))[Symbol.asyncDispose]();
  const health = new StoreHealth();
  let thread: Worker | undefined;
  const startWorker = (workerData: ConnectionSettings) => {
    thread = new Worker(new URL("./database-thread-main.ts", import.meta.url), { workerData });
    return thread;
  };
  const writer = resources.use(await DatabaseThread.open({ path: file, maxBytes: 0, readOnly, health, startWorker }));
  return { writer, health, end: () => thread?.terminate(), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function openSome(options: Partial<DatabaseOptions> = {}) {
  const resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-writer-")));
  const database = resources.use(await openTestDatabase(path, options));
  return {
    path,
    database,
    write: (id: string, bytes = 1) => write(database, id, bytes),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function write(database: Awaited<ReturnType<typeof openTestDatabase>>, id: string, bytes: number): Promise<void> {
  await database.tables
    .insertInto("item")
    .values({ id, body: new Uint8Array(bytes) })
    .execute();
}
