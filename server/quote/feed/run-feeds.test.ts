import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import type { QuoteFeed } from "./quote-feed.ts";
import { deferredFeed, runFeeds } from "./run-feeds.ts";
import { testSymbolFeed } from "./test-symbol-quotes.ts";

test("feeds run concurrently: the others keep running if one ends or fails", async () => {
  const stop = new AbortController();
  const ends: QuoteFeed = { instruments: [], run: async () => {} };
  const fails: QuoteFeed = { instruments: [], run: () => Promise.reject(new Error("the connection broke")) };
  const keepsRunning = testFeed();
  const seen: unknown[] = [];
  let ticks = 0;
  await runFeeds({
    feeds: [ends, fails, keepsRunning],
    publish: (feed) => () => {
      expect(feed).toBe(keepsRunning);
      ticks++;
      if (ticks === 10) stop.abort();
    },
    signal: stop.signal,
    onEnd: (feed) => seen.push(["ended", feed === ends]),
    onFailure: (feed, error) => seen.push(["failed", feed === fails, String(error)]),
  });
  expect(seen).toEqual([
    ["ended", true],
    ["failed", true, "Error: the connection broke"],
  ]);
  expect(ticks).toBe(10);
});

test("a deferred feed publishes nothing until its start resolves, and then all of it", async () => {
  const { start, running, published, stop } = deferTestFeed();
  await Promise.resolve();
  expect(published).toEqual([]);
  start.resolve();
  await running;
  expect(published).toEqual([0]);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

test("a deferred feed ends when the signal aborts before its start", async () => {
  const { stop, running, published } = deferTestFeed();
  stop.abort();
  await running;
  expect(published).toEqual([]);
});

test("a deferred feed has the instruments of the feed", () => {
  expect(deferTestFeed().feed.instruments.map(({ symbol }) => symbol)).toEqual(["TEST"]);
});

function testFeed(): QuoteFeed {
  const time = new ManualTime();
  return testSymbolFeed({ now: time.now, timers: time.instantTimers });
}

function deferTestFeed() {
  const start = Promise.withResolvers<void>();
  const stop = new AbortController();
  const published: number[] = [];
  const feed = deferredFeed(testFeed(), start.promise);
  const running = feed.run((ticks) => {
    published.push(...ticks.map(({ sourceTime }) => sourceTime - someMonday));
    stop.abort();
  }, stop.signal);
  return { feed, start, stop, published, running };
}
