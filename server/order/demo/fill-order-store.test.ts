import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { ManualTimers } from "../../../client/shared/testing/manual-timers.ts";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { StoreFullError } from "../../storage/storage-errors.ts";
import type { OrderStore } from "../store/order-store.ts";
import { type OrderTables, orderMigrations } from "../store/order-tables.ts";
import { SqliteOrderStore } from "../store/sqlite-order-store.ts";
import { OrderIntake } from "../submit/order-intake.ts";
import { fillOrderStore } from "./fill-order-store.ts";

test("if the store is full, the demonstration retries, continues, and logs the problem once", async () => {
  await using opened = await openBook();
  const { store, timers, lines } = opened;
  opened.refuse(() => new StoreFullError("the store is full"));
  const filling = fillOrderStore({ ...opened.options, signal: new AbortController().signal });
  for (let attempt = 0; attempt < 30; attempt++) await nextWait(timers);
  while (timers.count === 0) await new Promise((resolve) => setImmediate(resolve));
  opened.refuse(undefined);
  timers.advance(60_000);
  await filling;
  expect(store.newest).toBe(1_500);
  expect(lines.filter(({ level }) => level === 50).length).toBeLessThan(10);
  expect(lines.map(({ msg }) => msg)).toContain("storing demonstration orders has resumed, and is complete");
});

test("a shutdown ends the retries", async () => {
  await using opened = await openBook();
  opened.refuse(() => new StoreFullError("the store is full"));
  const end = new AbortController();
  const filling = fillOrderStore({ ...opened.options, signal: end.signal });
  while (opened.timers.count === 0) await new Promise((resolve) => setImmediate(resolve));
  end.abort();
  await filling;
  expect(opened.timers.count).toBe(0);
});

test("a read-only store receives no demo orders, and the failure is not logged twice", async () => {
  await using opened = await openBook();
  opened.database.health.fail(new Error("EIO"));
  await fillOrderStore({ ...opened.options, signal: new AbortController().signal });
  expect(opened.lines).toEqual([]);
});

async function openBook() {
  const resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-fill-")));
  const database = resources.use(await openDatabase<OrderTables>(path, { migrations: [orderMigrations] }));
  const store = new SqliteOrderStore(database);
  let failure: (() => Error) | undefined;
  const refusing: Pick<OrderStore, "append"> = {
    append: (orders) => (failure === undefined ? store.append(orders) : Promise.reject(failure())),
  };
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const timers = new ManualTimers();
  const intake = new OrderIntake(Object.assign(Object.create(store) as OrderStore, refusing));
  return {
    database,
    store,
    timers,
    lines,
    options: { store, intake, count: 1_500, log, timers },
    refuse(by: (() => Error) | undefined) {
      failure = by;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Waits until the next attempt is scheduled, and advances the time to it. */
async function nextWait(timers: ManualTimers): Promise<void> {
  while (timers.count === 0) await new Promise((resolve) => setImmediate(resolve));
  timers.advance(60_000);
}
