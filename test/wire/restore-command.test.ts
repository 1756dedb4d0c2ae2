import { mkdtempDisposable, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { type OrderTables, orderMigrations } from "../../server/order/store/order-tables.ts";
import { SqliteOrderStore } from "../../server/order/store/sqlite-order-store.ts";
import { encodeNewOrder } from "../../server/order/submit/encode-new-order.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";
import { databaseFileName, openDatabase } from "../../server/storage/sqlite/database.ts";
import { startBourse } from "../start-bourse.ts";
import { startCommand } from "../start-command.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts processes

const run = (...args: readonly string[]) => startCommand(args).done;

/** Stores orders in a data directory, as a server does. */
async function store(directory: string, count: number): Promise<void> {
  await using database = await openDatabase<OrderTables>(directory, { migrations: [orderMigrations] });
  const orders = new SqliteOrderStore(database);
  await orders.append(Array.from({ length: count }, (_, n) => encodeNewOrder(someOrder(orders.newest + n))));
}

async function countOf(directory: string): Promise<number> {
  await using database = await openDatabase<OrderTables>(directory, { migrations: [orderMigrations] });
  return new SqliteOrderStore(database).newest;
}

/** Makes a data directory with 300 orders and a backup of it. */
async function setUp() {
  const folder = await mkdtempDisposable(join(tmpdir(), "bourse-restore-"));
  const [data, other, copy] = ["data", "other", "copy.sqlite"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await store(data, 300);
  expect(await run("backup", copy, "--data", data, "--quiet")).toMatchObject({ exitCode: 0, stderr: "" });
  return { data, other, copy, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("a backup is restored into an empty directory, private to the user", async () => {
  await using place = await setUp();
  const { stdout, exitCode } = await run("restore", place.copy, "--data", place.other);
  expect([exitCode, stdout]).toEqual([0, `${place.other} has the database of ${place.copy}\n`]);
  expect((await stat(join(place.other, databaseFileName))).mode & 0o777).toBe(0o600);
  expect(await countOf(place.other)).toBe(300);
});

test("a database is replaced only with --force, with its write-ahead log", async () => {
  await using place = await setUp();
  await store(place.data, 50);
  const refused = await run("restore", place.copy, "--data", place.data);
  expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
  expect(refused.stderr).toContain("replace the database with --force");
  expect(await countOf(place.data)).toBe(350);

  // A crashed server leaves a log, whose pages must not get into the restored database.
  const path = join(place.data, databaseFileName);
  const open = new DatabaseSync(path);
  open.exec("pragma wal_autocheckpoint = 0; create table later (x); insert into later values (1)");
  expect((await stat(`${path}-wal`)).size).toBeGreaterThan(0);
  const log = await readFile(`${path}-wal`);
  open.close();
  await writeFile(`${path}-wal`, log);
  const restored = await run("restore", place.copy, "--data", place.data, "--force", "--json");
  expect(restored.exitCode).toBe(0);
  expect(JSON.parse(restored.stdout)).toEqual({
    file: place.copy,
    data: place.data,
    bytes: (await stat(path)).size,
  });
  expect(await countOf(place.data)).toBe(300);
  using after = new DatabaseSync(path, { readOnly: true });
  expect(after.prepare("select 1 from sqlite_master where name = 'later'").get()).toBeUndefined();
  expect((await readdir(place.data)).filter((name) => name.endsWith(".restored"))).toEqual([]);
});

test("a data directory that a server uses is refused, and stays unchanged", async () => {
  await using place = await setUp();
  await using server = await startBourse(["--no-demo"]);
  const before = await stat(join(server.dataDirectory, databaseFileName));
  const { exitCode, stderr } = await run("restore", place.copy, "--data", server.dataDirectory, "--force");
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`${server.dataDirectory} is in use by another server`);
  expect((await stat(join(server.dataDirectory, databaseFileName))).ino).toBe(before.ino);
});

test.each([
  ["a missing file", undefined, "there is no file"],
  ["another file", "not a database, but a text of more than sixteen bytes", "is not a backup"],
])("%s is refused", async (_what, content, problem) => {
  await using place = await setUp();
  const file = join(place.data, "..", "wrong.sqlite");
  if (content !== undefined) await writeFile(file, content);
  const { exitCode, stderr } = await run("restore", file, "--data", place.other);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(problem);
  expect(await readdir(place.other).catch(() => [])).toEqual([]);
});

test("a damaged backup is refused, and the database stays unchanged", async () => {
  await using place = await setUp();
  const { size } = await stat(place.copy);
  await truncate(place.copy, Math.floor(size / 2 / 4096) * 4096);
  const { exitCode, stderr } = await run("restore", place.copy, "--data", place.data, "--force", "--quiet");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^the restore has failed: /);
  expect(await countOf(place.data)).toBe(300);
});
