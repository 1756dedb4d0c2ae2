import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { microsPerDay, microsPerSecond } from "../../../client/shared/micro-time.ts";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import type { QuoteFeed, Tick } from "./quote-feed.ts";
import { maxBatchTicks, openReplayFeed } from "./replay-feed.ts";

const data = new URL("../../../node_modules/vega-datasets/data/", import.meta.url);
const stocks = fileURLToPath(new URL("stocks.csv", data));
const index500 = fileURLToPath(new URL("sp500-2000.csv", data));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-feed-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(...lines: readonly string[]): Promise<string> {
  const path = join(folder, "ticks.csv");
  await writeFile(path, lines.join("\n"));
  return path;
}

/** Ticks 0 s, 0.5 s, 0.5 s and 2.000001 s after a start. */
const fourTicks = () =>
  fileOf(
    "timestamp,bid,ask",
    "2026-01-05 14:30:00.000000+00:00,1,2",
    "2026-01-05 14:30:00.500000+00:00,2,3",
    "2026-01-05 14:30:00.500000+00:00,3,4",
    "2026-01-05 14:30:02.000001+00:00,4,5",
  );

/** Plays a feed to its end, and collects each batch with its time, in microseconds from the start. */
async function play(feed: QuoteFeed, time: ManualTime, signal = new AbortController().signal) {
  const batches: { readonly at: number; readonly ticks: readonly Tick[] }[] = [];
  const start = time.now();
  await feed.run((ticks) => batches.push({ at: time.now() - start, ticks }), signal);
  return { batches, ticks: batches.flatMap(({ ticks }) => ticks) };
}

describe("openReplayFeed, on daily bars of the S&P 500,", () => {
  it("plays all of them unchanged", async () => {
    const time = new ManualTime();
    const feed = await openReplayFeed({ timers: time.instantTimers, path: index500, speed: Number.POSITIVE_INFINITY });
    const { ticks, batches } = await play(feed, time);
    expect(feed.instruments.map(({ symbol }) => symbol)).toEqual(["SP500-2000"]);
    expect(ticks).toHaveLength(5105);
    expect(ticks.slice(0, 2)).toEqual([
      {
        symbol: "SP500-2000",
        sourceTime: 946_857_600_000_000, // 2000-01-03
        open: 1469.25,
        high: 1478,
        low: 1438.359985,
        last: 1455.219971,
        volume: 931_800_000n,
      },
      {
        symbol: "SP500-2000",
        sourceTime: 946_944_000_000_000,
        open: 1455.219971,
        high: 1455.219971,
        low: 1397.430054,
        last: 1399.420044,
        volume: 1_009_000_000n,
        previousClose: 1455.219971,
      },
    ]);
    expect(batches.map((batch) => batch.ticks.length)).toEqual([1000, 1000, 1000, 1000, 1000, 105]);
    expect(maxBatchTicks).toBe(1000);
  });

  it("plays a day a second at a speed of 86,400", async () => {
    const time = new ManualTime();
    const feed = await openReplayFeed({ timers: time.instantTimers, path: index500, speed: 86_400 });
    const { batches } = await play(feed, time);
    expect(batches.slice(0, 5).map(({ at }) => at / microsPerSecond)).toEqual([0, 1, 2, 3, 4]);
    expect(batches[5]?.at).toBe(7 * microsPerSecond); // after a weekend
  });
});

describe("openReplayFeed, on monthly prices of five stocks, one stock after the other,", () => {
  it("plays them in the order of time", async () => {
    const time = new ManualTime();
    const feed = await openReplayFeed({ timers: time.instantTimers, path: stocks, speed: Number.POSITIVE_INFINITY });
    const { ticks } = await play(feed, time);
    expect(feed.instruments.map(({ symbol }) => symbol)).toEqual(["MSFT", "AMZN", "IBM", "GOOG", "AAPL"]);
    expect(ticks).toHaveLength(560);
    const times = ticks.map(({ sourceTime }) => sourceTime);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(ticks.slice(0, 4).map(({ symbol, last }) => [symbol, last])).toEqual([
      ["MSFT", 39.81],
      ["AMZN", 64.56],
      ["IBM", 100.52],
      ["AAPL", 25.94],
    ]);
    expect(ticks.at(-1)).toEqual({
      symbol: "AAPL",
      sourceTime: 1_267_401_600_000_000, // 2010-03-01
      last: 223.02,
      previousClose: 204.62,
    });
  });

  it("waits for a month at the original speed, which is longer than a timer can take", async () => {
    const time = new ManualTime();
    const feed = await openReplayFeed({ timers: time.instantTimers, path: stocks });
    const stop = new AbortController();
    const start = time.now();
    const at: number[] = [];
    await feed.run(() => {
      at.push((time.now() - start) / microsPerDay);
      if (at.length === 3) stop.abort();
    }, stop.signal);
    expect(at).toEqual([0, 31, 60]); // January and February 2000
  });
});

describe("openReplayFeed, on ticks,", () => {
  it("keeps the source's microseconds", async () => {
    const time = new ManualTime();
    const { ticks } = await play(await openReplayFeed({ timers: time.instantTimers, path: await fourTicks() }), time);
    const times = ticks.map(({ sourceTime }) => sourceTime - someMonday);
    expect(times).toEqual([0, 500_000, 500_000, 2_000_001]);
    expect(ticks[3]).toMatchObject({ symbol: "TICKS", bid: 4, ask: 5 });
  });

  it("plays at the original speed by default, with ticks that are due together in one batch", async () => {
    const time = new ManualTime();
    const { batches } = await play(await openReplayFeed({ timers: time.instantTimers, path: await fourTicks() }), time);
    expect(batches.map(({ at, ticks }) => [at, ticks.length])).toEqual([
      [0, 1],
      [500_000, 2],
      [2_001_000, 1],
    ]);
  });

  it("plays N times faster", async () => {
    const time = new ManualTime();
    const { batches } = await play(
      await openReplayFeed({ timers: time.instantTimers, path: await fourTicks(), speed: 10 }),
      time,
    );
    expect(batches.map(({ at }) => at)).toEqual([0, 50_000, 201_000]); // 200,000.1, rounded up to a millisecond
  });

  it("starts again at the end if `loop` is set", async () => {
    const time = new ManualTime();
    const feed = await openReplayFeed({
      timers: time.instantTimers,
      path: await fourTicks(),
      speed: Number.POSITIVE_INFINITY,
      loop: true,
    });
    const stop = new AbortController();
    const bids: unknown[] = [];
    await feed.run((ticks) => {
      bids.push(...ticks.map(({ bid }) => bid));
      if (bids.length === 8) stop.abort();
    }, stop.signal);
    expect(bids).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });

  it("fails if the file was removed after it was opened", async () => {
    const path = await fourTicks();
    const feed = await openReplayFeed({ path });
    await rm(path);
    await expect(feed.run(() => {}, new AbortController().signal)).rejects.toThrow("there is no such file");
  });
});

describe("openReplayFeed", () => {
  it("distinguishes bars, which aggregate a day, from ticks", async () => {
    expect((await openReplayFeed({ path: index500 })).areBars).toBe(true);
    expect((await openReplayFeed({ path: await fourTicks() })).areBars).toBe(false);
  });

  it("reads the columns that the mapping names", async () => {
    const path = await fileOf("ts,b,c", "2026-01-05,1,2");
    const time = new ManualTime();
    const feed = await openReplayFeed({
      timers: time.instantTimers,
      path,
      columns: { time: "ts", bid: "b", close: "c" },
    });
    expect(feed.areBars).toBe(true);
    expect((await play(feed, time)).ticks).toMatchObject([{ bid: 1, last: 2 }]);
    const problem = "ticks.csv line 1: there is no column x, mapped to the field time (the header has ts, b, c)";
    await expect(openReplayFeed({ path, columns: { time: "x" } })).rejects.toThrow(problem);
  });

  it("finds all errors when it opens the file", async () => {
    const path = await fileOf("date,price", "2026-01-05,1", "2026-01-06,x");
    await expect(openReplayFeed({ path })).rejects.toThrow('ticks.csv line 3: price "x" is not a number');
  });

  it.each([0, -1, Number.NaN])("refuses a speed of %d", async (speed) => {
    await expect(openReplayFeed({ path: index500, speed })).rejects.toThrow(
      `speed is ${speed}: choose a number above 0`,
    );
  });

  it("refuses a file that is too large to sort, with the number of the line at which time decreases", async () => {
    const path = await fileOf("symbol,date,price", "A,2026-01-06,1", "B,2026-01-05,1", "B,2026-01-06,1");
    await expect(openReplayFeed({ path, maxSortedRows: 3 })).resolves.toBeDefined();
    await expect(openReplayFeed({ path, maxSortedRows: 2 })).rejects.toThrow(
      "ticks.csv line 3: time runs backwards, and the file has more than 2 rows: sort it by time",
    );
  });
});
