import { copyFile, mkdir, mkdtempDisposable, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ManualTimers } from "../../client/shared/testing/manual-timers.ts";
import { watchDataDirectory, watchIntervalMs } from "./data-directory-watch.ts";
import { StoreReadOnlyError } from "./storage-errors.ts";
import { openTestDatabase } from "./testing/test-database.ts";

const row = { body: new Uint8Array(1) };

test.each([
  ["the database is removed", (data: string) => rm(join(data, "bourse.sqlite")), "bourse.sqlite was removed"],
  ["its log is removed", (data: string) => rm(join(data, "bourse.sqlite-wal")), "bourse.sqlite-wal was removed"],
  ["its lock is removed", (data: string) => rm(join(data, "bourse.lock")), "bourse.lock was removed"],
  ["a backup replaces the database", replaceDatabase, "bourse.sqlite was replaced"],
  [
    "a folder of uploads is removed",
    (data: string) => rm(join(data, "uploads"), { recursive: true }),
    "uploads was removed",
  ],
  ["the data directory is moved away", (data: string) => rename(data, `${data}-elsewhere`), "was removed"],
])("the store becomes read-only if %s", async (_, change, message) => {
  await using opened = await openWatched();
  const { database, timers, failures } = opened;
  timers.advance(watchIntervalMs);
  await database.tables
    .insertInto("item")
    .values({ id: "before", ...row })
    .execute();
  expect(failures).toEqual([]);
  await change(opened.data);
  await vi.waitFor(() => {
    timers.advance(watchIntervalMs);
    expect(failures).toHaveLength(1);
  });
  expect(failures[0]).toMatch(message);
  expect(failures[0]).toContain("stop the server, restore the data directory, then start the server");
  const writing = database.tables
    .insertInto("item")
    .values({ id: "after", ...row })
    .execute();
  await expect(writing).rejects.toThrow(StoreReadOnlyError);
  expect(await database.tables.selectFrom("item").select("id").execute()).toEqual([{ id: "before" }]);
});

test("an unchanged directory has no failure, and disposing ends the timers", async () => {
  const opened = await openWatched();
  for (let n = 0; n < 20; n++) {
    opened.timers.advance(watchIntervalMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(opened.failures).toEqual([]);
  await opened[Symbol.asyncDispose]();
  expect(opened.timers.count).toBe(0);
});

async function openWatched() {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-watch-")));
  const data = join(folder.path, "data");
  await mkdir(join(data, "uploads/open"), { recursive: true });
  const database = resources.use(await openTestDatabase(data));
  const { health } = database;
  const failures: string[] = [];
  health.onFailure((error) => failures.push((error as Error).message));
  const timers = new ManualTimers();
  const folders = ["uploads", "uploads/open"];
  resources.use(watchDataDirectory({ directory: data, folders, health, timers }));
  return { data, database, timers, failures, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function replaceDatabase(data: string): Promise<void> {
  await copyFile(join(data, "bourse.sqlite"), join(data, "copy"));
  await rename(join(data, "copy"), join(data, "bourse.sqlite"));
}
