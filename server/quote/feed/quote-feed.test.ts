import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { maxSymbolBytes } from "../../../client/quote/tick.ts";
import { ManualTime } from "../../shared/testing/manual-time.ts";
import { deferredFeed } from "./deferred-feed.ts";
import { maxInstruments, type QuoteFeed } from "./quote-feed.ts";
import { openReplayFeed } from "./replay-feed.ts";
import { simulatedFeed } from "./simulated-feed.ts";
import { testFeed } from "./test-feed.ts";

const stocks = fileURLToPath(new URL("../../../node_modules/vega-datasets/data/stocks.csv", import.meta.url));

describe.each<[string, (time: ManualTime) => Promise<QuoteFeed>]>([
  ["the simulated feed", async (time) => simulatedFeed(time)],
  ["a replay", (time) => openReplayFeed({ ...time, path: stocks, speed: 86_400 })],
  [
    "a replay at any speed, again and again,",
    (time) => openReplayFeed({ ...time, path: stocks, speed: Number.POSITIVE_INFINITY, loop: true }),
  ],
  ["the feed of the test instrument", async (time) => testFeed(time)],
  ["a feed that was held", async (time) => deferredFeed(testFeed(time), Promise.resolve())],
])("%s keeps the promises of every feed:", (_name, open) => {
  it("it has no more instruments than may be, each once and with a symbol that can be asked for", async () => {
    const symbols = (await open(new ManualTime())).instruments.map(({ symbol }) => symbol);
    expect(symbols.length).toBeGreaterThan(0);
    expect(symbols.length).toBeLessThanOrEqual(maxInstruments);
    expect(new Set(symbols).size).toBe(symbols.length);
    for (const symbol of symbols) expect(Buffer.byteLength(symbol)).toBeLessThanOrEqual(maxSymbolBytes);
  });

  it("it quotes its own instruments only", async () => {
    const feed = await open(new ManualTime());
    const stop = new AbortController();
    const quoted = new Set<string>();
    let batches = 0;
    await feed.run((ticks) => {
      for (const { symbol } of ticks) quoted.add(symbol);
      batches++;
      if (batches === 20) stop.abort();
    }, stop.signal);
    expect(quoted.isSubsetOf(new Set(feed.instruments.map(({ symbol }) => symbol)))).toBe(true);
  });

  it("it publishes nothing once the signal has aborted, and ends", async () => {
    const feed = await open(new ManualTime());
    const stop = new AbortController();
    let batches = 0;
    await feed.run(() => {
      batches++;
      if (batches === 2) stop.abort();
    }, stop.signal);
    expect(batches).toBe(2);
  });

  it("it publishes nothing where the signal has aborted before", async () => {
    const feed = await open(new ManualTime());
    let batches = 0;
    await feed.run(() => batches++, AbortSignal.abort());
    expect(batches).toBe(0);
  });
});
