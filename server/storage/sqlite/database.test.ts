import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { expect, test } from "vitest";
import { DataDirectoryError } from "../storage-errors.ts";
import { openTestDatabase, testMigrations } from "../testing/test-database.ts";

const temporaryDirectory = () => mkdtempDisposable(join(tmpdir(), "bourse-storage-"));

const someItem = { id: "b4c1", body: new Uint8Array([1, 0, 255]) };

test("a missing data directory is created, parents included", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openTestDatabase(join(temporary.path, "a", "b"));
  expect(await database.tables.selectFrom("item").selectAll().execute()).toEqual([]);
});

test("rows survive a restart of the database", async () => {
  await using temporary = await temporaryDirectory();
  {
    await using database = await openTestDatabase(temporary.path);
    await database.tables.insertInto("item").values(someItem).execute();
  }
  await using database = await openTestDatabase(temporary.path);
  const rows = await database.tables.selectFrom("item").select(["sequence", "id", "body"]).execute();
  expect(rows).toEqual([{ sequence: 1n, ...someItem }]);
});

test("migrations run once, in the order of their names", async () => {
  await using temporary = await temporaryDirectory();
  const ran: string[] = [];
  const noting = (name: string): Migration => ({ up: async () => void ran.push(name) });
  const three = { "0003-c": noting("c"), "0001-a": noting("a"), "0002-b": noting("b") };
  for (const set of [[], [three], [three]])
    await (await openTestDatabase(temporary.path, { migrations: set }))[Symbol.asyncDispose]();
  expect(ran).toEqual(["a", "b", "c"]);
});

test("a failed migration changes nothing, and the error names it", async () => {
  await using temporary = await temporaryDirectory();
  const broken: Migration = {
    async up(db) {
      await db.schema.createTable("half").addColumn("id", "integer").execute();
      throw new Error("the disk is full");
    },
  };
  const opening = openTestDatabase(temporary.path, { migrations: [testMigrations, { "0002-broken": broken }] });
  await expect(opening).rejects.toThrow(
    /bourse\.sqlite .*0002-broken failed \(the disk is full\): nothing was changed/,
  );
  await using database = await openTestDatabase(temporary.path, { migrations: [] });
  const names = await sql`select name from sqlite_master where name in ('half', 'item')`.execute(database.tables);
  expect(names.rows).toEqual([]);
});

test("a database of a newer version is refused and not changed", async () => {
  await using temporary = await temporaryDirectory();
  const newer = [testMigrations, { "0099-from-the-future": { up: async () => {} } }];
  await (await openTestDatabase(temporary.path, { migrations: newer }))[Symbol.asyncDispose]();
  const before = await readFile(join(temporary.path, "bourse.sqlite"));
  const opening = openTestDatabase(temporary.path);
  await expect(opening).rejects.toThrow(DataDirectoryError);
  await expect(opening).rejects.toThrow(/newer version of Bourse.*0099-from-the-future: start the newer version/);
  expect(await readFile(join(temporary.path, "bourse.sqlite"))).toEqual(before);
  await (await openTestDatabase(temporary.path, { migrations: newer }))[Symbol.asyncDispose]();
});

test("a second opener in the same process is refused until the first has closed", async () => {
  await using temporary = await temporaryDirectory();
  const first = await openTestDatabase(temporary.path);
  await expect(openTestDatabase(temporary.path)).rejects.toThrow(
    `the data directory ${temporary.path} is in use by another server: stop that server`,
  );
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  await using _ = await openTestDatabase(temporary.path);
});

test("a lock of another process is released when the process is killed", async () => {
  await using temporary = await temporaryDirectory();
  const script = `
    const { openTestDatabase } = await import(${JSON.stringify(new URL("../testing/test-database.ts", import.meta.url))});
    const database = await openTestDatabase(${JSON.stringify(temporary.path)});
    await database.tables.insertInto("item").values({ id: "a", body: new Uint8Array(1) }).execute();
    console.log("open");
    setInterval(() => database, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  try {
    await once(child.stdout, "data");
    await expect(openTestDatabase(temporary.path)).rejects.toThrow("is in use by another server");
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  await using database = await openTestDatabase(temporary.path);
  expect(await database.tables.selectFrom("item").select("id").execute()).toEqual([{ id: "a" }]);
});

test("a data directory that cannot be created is an error with its path and what to do", async () => {
  await using temporary = await temporaryDirectory();
  const file = join(temporary.path, "file");
  await writeFile(file, "");
  const opening = openTestDatabase(join(file, "data"));
  await expect(opening).rejects.toThrow(DataDirectoryError);
  await expect(opening).rejects.toThrow(`the data directory ${join(file, "data")} cannot be created`);
  await expect(opening).rejects.toThrow("choose another directory with --data");
});

test("a data directory that cannot be written is an error with its path", async () => {
  await using temporary = await temporaryDirectory();
  await mkdir(join(temporary.path, "bourse.lock"));
  await expect(openTestDatabase(temporary.path)).rejects.toThrow(
    `the data directory ${temporary.path} cannot be written`,
  );
});

test("a file that is not a database is refused, and the directory is unlocked", async () => {
  await using temporary = await temporaryDirectory();
  const path = join(temporary.path, "bourse.sqlite");
  await writeFile(path, "This is a text that somebody left here. ".repeat(100));
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(openTestDatabase(temporary.path)).rejects.toThrow(`the database ${path} cannot be opened`);
  }
});

test("commits are on the disk before they are acknowledged, and readers do not wait for the writer", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openTestDatabase(temporary.path);
  const pragma = async (name: string) =>
    Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(database.tables)).rows[0] ?? {})[0];
  expect(await pragma("journal_mode")).toBe("wal");
  expect(await pragma("synchronous")).toBe(2n);
  expect(await pragma("foreign_keys")).toBe(1n);
  using reader = new DatabaseSync(join(temporary.path, "bourse.sqlite"), { readOnly: true });
  await database.tables.transaction().execute(async (transaction) => {
    await transaction.insertInto("item").values(someItem).execute();
    expect(reader.prepare("select * from item").all()).toEqual([]);
  });
  expect(reader.prepare("select id from item").all()).toEqual([{ id: "b4c1" }]);
});

test("integers that a number cannot hold are read exactly", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openTestDatabase(temporary.path);
  const amount = 2n ** 63n - 1n;
  await database.tables
    .insertInto("item")
    .values({ ...someItem, amount })
    .execute();
  expect(await database.tables.selectFrom("item").select("amount").executeTakeFirst()).toEqual({ amount });
});

test("a failed transaction is rolled back", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openTestDatabase(temporary.path);
  const failing = database.tables.transaction().execute(async (transaction) => {
    await transaction.insertInto("item").values(someItem).execute();
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await database.tables.selectFrom("item").selectAll().execute()).toEqual([]);
});

test("a write does not wait for long reads, which see the earlier writes", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openTestDatabase(temporary.path);
  const ids = (tables: typeof database.tables) => tables.selectFrom("item").select("id").execute();
  await database.queries.connection().execute(async (taken) => {
    expect(await ids(taken)).toEqual([]);
    await database.tables.insertInto("item").values(someItem).execute();
    expect(await ids(taken)).toEqual([{ id: someItem.id }]);
  });
  await expect(database.queries.deleteFrom("item").execute()).rejects.toThrow("readonly");
});
