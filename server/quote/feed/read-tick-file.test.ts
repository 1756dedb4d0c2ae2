import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxInstruments, type Tick } from "./quote-feed.ts";
import { readTickFile } from "./read-tick-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tick-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function ticksOf(...lines: string[]): Promise<Tick[]> {
  const path = join(folder, "eurusd.csv");
  await writeFile(path, lines.join("\n"));
  const ticks = await Array.fromAsync(readTickFile(path));
  return ticks.map(({ tick }) => tick);
}

async function problemOf(...lines: string[]): Promise<string> {
  const error = await ticksOf(...lines).catch((thrown: Error) => thrown);
  return error instanceof Error ? `${error.name} ${error.message.replace(`${folder}/`, "")}` : "no problem";
}

describe("readTickFile", () => {
  it("reads ticks with microseconds, and takes the symbol from the name of the file", async () => {
    const ticks = await ticksOf(
      "timestamp,bid,ask",
      "2026-01-05 14:30:00.000001+00:00,1.1711,1.1713",
      "2026-01-05 14:30:00.250002+00:00,1.1712,",
    );
    expect(ticks).toEqual([
      { symbol: "EURUSD", sourceTime: 1_767_623_400_000_001, bid: 1.1711, ask: 1.1713 },
      { symbol: "EURUSD", sourceTime: 1_767_623_400_250_002, bid: 1.1712 },
    ]);
  });

  it("finds columns in any order and in any case, and ignores unknown ones", async () => {
    const ticks = await ticksOf(
      "\uFEFFVenue, Ask Size ,ASK,Bid_Size,Bid,Last Price,Last-Size,Volume,Previous Close,Time,Ticker",
      "X,300,10.02,100,10,10.01,50,900.0,9.5,2026-01-05T14:30:00Z,ABC",
    );
    expect(ticks).toEqual([
      {
        symbol: "ABC",
        sourceTime: 1_767_623_400_000_000,
        bid: 10,
        ask: 10.02,
        bidSize: 100n,
        askSize: 300n,
        last: 10.01,
        lastSize: 50n,
        volume: 900n,
        previousClose: 9.5,
      },
    ]);
  });

  it("reads bars: the close is the last price, and the previous close of the next bar of the symbol", async () => {
    const ticks = await ticksOf(
      "symbol,date,open,high,low,close,volume",
      "A,2026-01-05,1,4,1,3,100",
      "B,2026-01-05,10,10,10,10,5",
      "A,2026-01-06,3,5,2,4,200",
    );
    const day = 1_767_571_200_000_000;
    expect(ticks).toEqual([
      { symbol: "A", sourceTime: day, open: 1, high: 4, low: 1, last: 3, volume: 100n },
      { symbol: "B", sourceTime: day, open: 10, high: 10, low: 10, last: 10, volume: 5n },
      {
        symbol: "A",
        sourceTime: day + 86_400_000_000,
        open: 3,
        high: 5,
        low: 2,
        last: 4,
        volume: 200n,
        previousClose: 3,
      },
    ]);
  });

  it("accepts quoted cells, Windows line endings and empty lines", async () => {
    const ticks = await ticksOf('date,symbol,price\r\n"Jan 1, 2000","A",3\r\n\r\nFeb 1 2000,A,4\r\n');
    expect(ticks.map(({ last, previousClose }) => [last, previousClose])).toEqual([
      [3, undefined],
      [4, 3],
    ]);
  });

  it.each([
    [
      "a file without a time",
      ["symbol,bid"],
      "eurusd.csv line 1: no column for the time: rename one to timestamp, datetime, time or date (the header has symbol, bid)",
    ],
    [
      "a file without a price",
      ["date,open,volume"],
      "eurusd.csv line 1: no column for a price: rename one to bid, ask, last, price or close (the header has date, open, volume)",
    ],
    [
      "a bad number",
      ["date,price", "2026-01-05,1", "2026-01-06,abc"],
      'eurusd.csv line 3: price "abc" is not a number',
    ],
    [
      "an infinite number",
      ["date,price", "2026-01-05,Infinity"],
      'eurusd.csv line 2: price "Infinity" is not a number',
    ],
    [
      "a broken size",
      ["date,price,volume", "2026-01-05,1,1.5"],
      'eurusd.csv line 2: volume "1.5" is not a whole number of 0 or more',
    ],
    [
      "a bad time",
      ["time,bid", "noon,1"],
      'eurusd.csv line 2: time "noon" is not a time: write it as 2013-01-01T22:00:00.295000Z, or 2000-01-03',
    ],
    ["a row without a price", ["time,bid,ask", "2026-01-05,,"], "eurusd.csv line 2: the row has no price"],
    [
      "a row without a symbol",
      ["symbol,time,bid", ",2026-01-05,1"],
      'eurusd.csv line 2: symbol "" is not a symbol of 1 to 64 bytes; * is reserved',
    ],
    [
      "time that runs backwards",
      ["symbol,date,price", "A,2026-01-06,1", "B,2026-01-05,1", "", "A,2026-01-05,1"],
      "eurusd.csv line 5: the time of A runs backwards: it is before line 2",
    ],
    ["an empty file", [""], "eurusd.csv: the file is empty: its first row names the columns"],
    ["only a header", ["date,price"], "eurusd.csv: the file has a header and no rows"],
  ])("refuses %s, with the line number", async (_what, lines, problem) => {
    expect(await problemOf(...lines)).toBe(`FeedError ${problem}`);
  });

  it("refuses rows whose length differs from the header, and unclosed quotes, with the line number", async () => {
    expect(await problemOf("date,price", "2026-01-05,1", "2026-01-06,1,9")).toMatch(/^FeedError eurusd.csv line 3: /);
    expect(await problemOf("date,price", '2026-01-05,"1')).toMatch(/^FeedError eurusd.csv line \d: /);
  });

  it("refuses a row that is too long for the memory", async () => {
    expect(await problemOf(`date,price,${"x".repeat(100_000)}`)).toMatch(/^FeedError eurusd.csv line 1: /);
  });

  it("refuses more instruments than the limit", async () => {
    const rows = Array.from({ length: maxInstruments + 1 }, (_, index) => `S${index},2026-01-05,1`);
    const problem = "eurusd.csv line 10002: S10000 exceeds the limit of 10000 instruments";
    expect(await problemOf("symbol,date,price", ...rows)).toBe(`FeedError ${problem}`);
  });

  it("reports that a file does not exist or cannot be read", async () => {
    const missing = Array.fromAsync(readTickFile(join(folder, "missing.csv")));
    await expect(missing).rejects.toThrow("missing.csv: there is no such file");
    await expect(Array.fromAsync(readTickFile(folder))).rejects.toThrow("cannot be read");
  });
});
