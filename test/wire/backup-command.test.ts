import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtempDisposable, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type OrderTables, orderMigrations } from "../../server/order/store/order-tables.ts";
import { SqliteOrderStore } from "../../server/order/store/sqlite-order-store.ts";
import { encodeNewOrder } from "../../server/order/submit/encode-new-order.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";
import { databaseFileName, openDatabase } from "../../server/storage/sqlite/database.ts";

test("a database is copied during writes, and a server starts with the copy", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-backup-"));
  const [data, restored] = [join(folder.path, "data"), join(folder.path, "restored")];
  const copy = join(folder.path, "copy.sqlite");
  await using database = await openDatabase<OrderTables>(data, { migrations: [orderMigrations] });
  const store = new SqliteOrderStore(database);
  await store.append(orders(0, 5_000));

  const running = backup([copy, "--data", data]);
  let next = 5_000;
  let isOver = false;
  void running.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await store.append(orders(next, next + 50));
    next += 50;
  }
  expect(await running).toMatchObject({ code: 0, stdout: expect.stringContaining("as it was when the copy started") });
  expect(next).toBeGreaterThan(5_000);
  // it contains the key that signs resume tokens
  expect((await stat(copy)).mode & 0o777).toBe(0o600);

  await openThenClose(restored); // the copy replaces the database of an earlier server
  await copyFile(copy, join(restored, databaseFileName));
  await using again = await openDatabase<OrderTables>(restored, { migrations: [orderMigrations] });
  const restoredStore = new SqliteOrderStore(again);
  const { newest } = restoredStore;
  expect(newest).toBeGreaterThanOrEqual(5_000);
  expect(newest % 50).toBe(0); // no partial commit
  expect(newest).toBeLessThanOrEqual(store.newest);
  const read = async (from: SqliteOrderStore) => {
    const pages = await Array.fromAsync(from.pages({}, { after: 0, snapshot: newest, pageSize: 1_000 }));
    return Buffer.concat(pages.map(({ bytes }) => bytes));
  };
  expect(Buffer.compare(await read(restoredStore), await read(store))).toBe(0);
  const [outcome] = await restoredStore.append(orders(1_000_000, 1_000_001));
  expect(outcome).toEqual({ kind: "stored", sequence: newest + 1, duplicate: false });
}, 30_000);

test("an existing file is replaced only with --force", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-backup-"));
  await openThenClose(folder.path);
  const copy = join(folder.path, "copy.sqlite");
  await writeFile(copy, "mine");
  const refused = await backup([copy, "--data", folder.path]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`${copy} exists`);
  expect((await backup([copy, "--data", folder.path, "--force", "--quiet"])).code).toBe(0);
  expect((await readdir(folder.path)).filter((name) => name.startsWith("copy"))).toEqual(["copy.sqlite"]);
}, 30_000);

test("the database is never replaced under any of its paths, even with --force", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-backup-"));
  await openThenClose(folder.path);
  const database = join(folder.path, "bourse.sqlite");
  const before = await stat(database);
  await symlink(folder.path, join(folder.path, "link"));
  await symlink(database, join(folder.path, "other.sqlite"));
  for (const target of [database, join(folder.path, "link", "bourse.sqlite"), join(folder.path, "other.sqlite")]) {
    const { code, stderr } = await backup([target, "--data", folder.path, "--force"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${target} is the database itself`);
  }
  expect((await stat(database)).ino).toBe(before.ino);
}, 30_000);

test("a data directory without a database is an error, and no file is created", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-backup-"));
  const { code, stderr } = await backup([join(folder.path, "copy.sqlite"), "--data", folder.path]);
  expect(code).toBe(1);
  expect(stderr).toContain("the backup has failed");
  expect(await readdir(folder.path)).toEqual([]);
});

function orders(from: number, to: number) {
  return Array.from({ length: to - from }, (_, n) => encodeNewOrder(someOrder(from + n)));
}

async function openThenClose(directory: string): Promise<void> {
  await (await openDatabase<OrderTables>(directory, { migrations: [orderMigrations] }))[Symbol.asyncDispose]();
}

const program = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

async function backup(args: readonly string[]) {
  const child = spawn(process.execPath, [program, "backup", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}
