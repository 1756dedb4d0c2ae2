import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { type Database, openDatabase } from "../../storage/sqlite/database.ts";
import { StoreFullError } from "../../storage/storage-errors.ts";
import {
  CandleAggregator,
  type CandleAggregatorOptions,
  type ListedCandle,
  saveIntervalMillis,
} from "./candle-aggregator.ts";
import { type CandleQuery, type CandleStore, retentionSeconds } from "./candle-store.ts";
import { type CandleTables, candleMigrations } from "./candle-tables.ts";
import { SqliteCandleStore } from "./sqlite-candle-store.ts";

const second = 1_000_000;
const symbols = ["A", "B"];

async function openStore(): Promise<{ store: CandleStore; database: Database<CandleTables> }> {
  const temporary = await mkdtempDisposable(join(tmpdir(), "bourse-candles-"));
  const database = await openDatabase<CandleTables>(temporary.path, { migrations: [candleMigrations] });
  onTestFinished(async () => {
    await database[Symbol.asyncDispose]();
    await temporary.remove();
  });
  return { store: new SqliteCandleStore(database.tables), database };
}

async function openAggregator(store: CandleStore, options: Partial<CandleAggregatorOptions> = {}) {
  const errors: unknown[] = [];
  const problem = { report: (error: unknown) => errors.push(error), resolve() {} };
  const aggregator = await CandleAggregator.open(symbols, {
    store,
    timers: new ManualTime().timers,
    problem,
    ...options,
  });
  /** @param at seconds after a full minute */
  const add = (at: number, last: number, symbol = "A") =>
    aggregator.add([{ symbol, last, sourceTime: someMonday + at * second }]);
  return { aggregator, add, errors };
}

const everything = { start: Number.MIN_SAFE_INTEGER, end: Number.MAX_SAFE_INTEGER, limit: 500 };
const query = (changes: Partial<CandleQuery> = {}): CandleQuery => ({
  symbol: "A",
  span: 60,
  ...everything,
  ...changes,
});

const brief = ({ openTime, open, close, quoteCount, complete }: ListedCandle) =>
  `${(openTime - someMonday) / second}s ${open}-${close} ${quoteCount} ${complete ? "complete" : "open"}`;

const briefs = async (aggregator: CandleAggregator, changes: Partial<CandleQuery> = {}) =>
  (await aggregator.list(query(changes))).candles.map(brief);

test("a failed save is retried with exponential back-off, at least once a minute, and its success is reported", async () => {
  const { store } = await openStore();
  let [attempts, isFull] = [0, true];
  const failing: CandleStore = {
    openCandles: () => store.openCandles(),
    list: (wanted) => store.list(wanted),
    removeBefore: (...removed) => store.removeBefore(...removed),
    async save(changes) {
      attempts++;
      if (isFull) throw new StoreFullError("full");
      await store.save(changes);
    },
  };
  const time = new ManualTime();
  let resolved = 0;
  const problem = { report() {}, resolve: () => resolved++ };
  const { aggregator, add } = await openAggregator(failing, { timers: time.timers, problem });
  add(0, 1);
  const beat = async (times: number) => {
    for (let n = 0; n < times; n++) {
      time.advance(saveIntervalMillis);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await beat(600);
  expect(attempts).toBeGreaterThanOrEqual(10);
  expect(attempts).toBeLessThan(20);
  isFull = false;
  await beat(61);
  await vi.waitFor(() => expect(resolved).toBe(1));
  await aggregator[Symbol.asyncDispose]();
  expect((await store.openCandles()).length).toBeGreaterThan(0);
});

test("a save is not retried if the store is read-only", async () => {
  const { store, database } = await openStore();
  const time = new ManualTime();
  const { add, errors } = await openAggregator(store, { timers: time.timers });
  database.health.fail(new Error("EIO"));
  add(0, 1);
  time.advance(saveIntervalMillis);
  await vi.waitFor(() => expect(time.timers.count).toBe(0));
  expect(errors).toEqual([]);
});

test("candles are listed immediately, the open one included", async () => {
  const { aggregator, add } = await openAggregator((await openStore()).store);
  for (let at = 0; at <= 150; at += 30) add(at, at);
  expect(await briefs(aggregator)).toEqual(["0s 0-30 2 complete", "60s 60-90 2 complete", "120s 120-150 2 open"]);
  expect(await briefs(aggregator, { symbol: "B" })).toEqual([]);
});

test("stored and unsaved candles are one list, limited to the newest", async () => {
  const { aggregator, add } = await openAggregator((await openStore()).store);
  for (let at = 0; at < 240; at += 60) add(at, at);
  await aggregator.save();
  for (let at = 240; at < 420; at += 60) add(at, at);
  expect((await aggregator.list(query())).candles.map(({ open }) => open)).toEqual([0, 60, 120, 180, 240, 300, 360]);
  const two = await aggregator.list(query({ limit: 2 }));
  expect([two.candles.map(({ open }) => open), two.truncated]).toEqual([[300, 360], true]);
  const range = query({ start: someMonday + 60 * second, end: someMonday + 300 * second, limit: 4 });
  const four = await aggregator.list(range);
  expect([four.candles.map(({ open }) => open), four.truncated]).toEqual([[60, 120, 180, 240], false]);
});

test("a list that is read during a save has each candle once", async () => {
  const { aggregator, add } = await openAggregator((await openStore()).store);
  for (let at = 0; at < 600; at += 60) add(at, at);
  const saving = aggregator.save();
  const lists = [briefs(aggregator)];
  add(600, 600);
  lists.push(briefs(aggregator));
  await saving;
  lists.push(briefs(aggregator));
  expect((await Promise.all(lists)).map(({ length }) => length)).toEqual([10, 11, 11]);
});

test("a restarted server continues the open candles", async () => {
  const { store } = await openStore();
  {
    await using first = (await openAggregator(store)).aggregator;
    first.add([{ symbol: "A", last: 1, sourceTime: someMonday }]);
    first.add([{ symbol: "A", last: 2, sourceTime: someMonday + 61 * second }]);
  }
  const { aggregator, add } = await openAggregator(store);
  add(62, 3);
  expect(await briefs(aggregator)).toEqual(["0s 1-1 1 complete", "60s 2-3 2 open"]);
  add(120, 4);
  expect(await briefs(aggregator)).toEqual(["0s 1-1 1 complete", "60s 2-3 2 complete", "120s 4-4 1 open"]);
});

test("a crash loses only the ticks since the last save", async () => {
  const { store } = await openStore();
  const crashed = await openAggregator(store);
  crashed.add(0, 1);
  crashed.add(61, 2);
  await crashed.aggregator.save();
  crashed.add(62, 9);
  expect(await briefs((await openAggregator(store)).aggregator)).toEqual(["0s 1-1 1 complete", "60s 2-2 1 open"]);
});

test("a tick that is too late is ignored and counted", async () => {
  const { aggregator, add } = await openAggregator((await openStore()).store);
  add(120, 1);
  add(0, 7);
  expect(await briefs(aggregator)).toEqual(["120s 1-1 1 open"]);
  expect(aggregator.lateCount).toBe(2); // those of a second and of a minute: the two others are open
});

test("ticks of other instruments are ignored", async () => {
  const { aggregator, add } = await openAggregator((await openStore()).store);
  add(0, 1, "OTHER");
  expect(await briefs(aggregator, { symbol: "OTHER" })).toEqual([]);
});

test("changed candles are saved at each interval, and unchanged ones are not", async () => {
  const time = new ManualTime();
  const saved: string[] = [];
  const { store } = await openStore();
  const watched: CandleStore = {
    openCandles: () => store.openCandles(),
    list: (wanted) => store.list(wanted),
    removeBefore: (...args) => store.removeBefore(...args),
    save: async (changes) => void saved.push(`${changes.complete.length} ${changes.open.length}`),
  };
  const { aggregator, add } = await openAggregator(watched, { timers: time.timers });
  add(0, 1);
  time.advance(saveIntervalMillis);
  time.advance(saveIntervalMillis);
  await aggregator.save();
  add(0.5, 2);
  add(1, 2, "B");
  add(1, 2);
  time.advance(saveIntervalMillis);
  await aggregator.save();
  expect(saved).toEqual(["0 4", "1 8"]);
  await aggregator[Symbol.asyncDispose]();
  expect(time.timers.count).toBe(0);
});

test("candles of a failed save are kept and saved later; those beyond the limit are lost and counted", async () => {
  const { store } = await openStore();
  let full = true;
  const unreliable: CandleStore = {
    openCandles: () => store.openCandles(),
    list: (wanted) => store.list(wanted),
    removeBefore: (...args) => store.removeBefore(...args),
    save: (changes) => (full ? Promise.reject(new Error("the disk is full")) : store.save(changes)),
  };
  const { aggregator, add, errors } = await openAggregator(unreliable, { maxUnsaved: 4 });
  for (let at = 0; at < 3; at++) add(at, at);
  await aggregator.save();
  expect(errors).toEqual([new Error("the disk is full")]);
  expect(await briefs(aggregator, { span: 1 })).toEqual(["0s 0-0 1 complete", "1s 1-1 1 complete", "2s 2-2 1 open"]);
  for (let at = 3; at < 7; at++) add(at, at);
  expect(aggregator.lostCount).toBe(2);
  full = false;
  await aggregator.save();
  expect((await store.list(query({ span: 1 }))).map(({ open }) => open)).toEqual([0, 1, 2, 3]);
  expect((await openAggregator(store)).aggregator.lostCount).toBe(0);
});

test("expired candles are removed", async () => {
  const { store } = await openStore();
  const kept = retentionSeconds[1];
  const { aggregator, add, errors } = await openAggregator(store);
  for (let at = 0; at < 3000; at++) add(at, at);
  await aggregator.save();
  for (let at = 2500; at < 2800; at++) add(kept + at, 1);
  for (let round = 0; round < 4; round++) {
    add(kept + 2800 + round, 1);
    await aggregator.save();
  }
  const left = await store.list(query({ span: 1, limit: 5000 }));
  expect(left[0]?.open).toBeGreaterThanOrEqual(2800);
  expect(left[0]?.open).toBeLessThan(2804);
  expect(await store.list(query({ span: 60 }))).toHaveLength(55);
  expect(errors).toEqual([]);
});
