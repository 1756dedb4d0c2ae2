import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { maxSymbolBytes } from "../../../client/quote/tick.ts";
import type { Timers } from "../../../client/shared/timers.ts";
import { ManualTime } from "../../shared/testing/manual-time.ts";
import { maxInstruments, type QuoteFeed } from "./quote-feed.ts";
import { openReplayFeed } from "./replay-feed.ts";
import { deferredFeed } from "./run-feeds.ts";
import { simulatedFeed } from "./simulated-feed.ts";
import { testSymbolFeed } from "./test-symbol-quotes.ts";

const stocks = fileURLToPath(new URL("../../../node_modules/vega-datasets/data/stocks.csv", import.meta.url));

type Time = Pick<ManualTime, "now"> & { readonly timers: Timers };

describe.each<[string, (time: Time) => Promise<QuoteFeed>]>([
  ["the simulated feed", async (time) => simulatedFeed(time)],
  ["a replay", (time) => openReplayFeed({ timers: time.timers, path: stocks, speed: 86_400 })],
  [
    "a replay at unlimited speed that loops",
    (time) => openReplayFeed({ timers: time.timers, path: stocks, speed: Number.POSITIVE_INFINITY, loop: true }),
  ],
  ["the feed of the test instrument", async (time) => testSymbolFeed(time)],
  ["a deferred feed", async (time) => deferredFeed(testSymbolFeed(time), Promise.resolve())],
])("%s meets the contract of every feed:", (_name, open) => {
  it("it has at most the limit of instruments, each once and with a valid symbol", async () => {
    const symbols = (await openWith(open)).instruments.map(({ symbol }) => symbol);
    expect(symbols.length).toBeGreaterThan(0);
    expect(symbols.length).toBeLessThanOrEqual(maxInstruments);
    expect(new Set(symbols).size).toBe(symbols.length);
    for (const symbol of symbols) expect(Buffer.byteLength(symbol)).toBeLessThanOrEqual(maxSymbolBytes);
  });

  it("it quotes only its own instruments", async () => {
    const feed = await openWith(open);
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

  it("it publishes nothing after the signal has aborted, and ends", async () => {
    const feed = await openWith(open);
    const stop = new AbortController();
    let batches = 0;
    await feed.run(() => {
      batches++;
      if (batches === 2) stop.abort();
    }, stop.signal);
    expect(batches).toBe(2);
  });

  it("it publishes nothing if the signal has aborted before it runs", async () => {
    const feed = await openWith(open);
    let batches = 0;
    await feed.run(() => batches++, AbortSignal.abort());
    expect(batches).toBe(0);
  });
});

function openWith(open: (time: Time) => Promise<QuoteFeed>): Promise<QuoteFeed> {
  const time = new ManualTime();
  return open({ now: time.now, timers: time.instantTimers });
}
