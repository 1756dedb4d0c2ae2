import { expect, test } from "vitest";
import { ManualTime } from "../../shared/testing/manual-time.ts";
import type { QuoteFeed } from "./quote-feed.ts";
import { runFeeds } from "./run-feeds.ts";
import { testFeed } from "./test-feed.ts";

test("feeds run beside each other: one that ends or fails leaves the others running", async () => {
  const stop = new AbortController();
  const ends: QuoteFeed = { instruments: [], run: async () => {} };
  const fails: QuoteFeed = { instruments: [], run: () => Promise.reject(new Error("the line is cut")) };
  const goesOn = testFeed(new ManualTime());
  const seen: unknown[] = [];
  let ticks = 0;
  await runFeeds({
    feeds: [ends, fails, goesOn],
    publish: (feed) => () => {
      expect(feed).toBe(goesOn);
      ticks++;
      if (ticks === 10) stop.abort();
    },
    signal: stop.signal,
    onEnd: (feed) => seen.push(["ended", feed === ends]),
    onFailure: (feed, error) => seen.push(["failed", feed === fails, String(error)]),
  });
  expect(seen).toEqual([
    ["ended", true],
    ["failed", true, "Error: the line is cut"],
  ]);
  expect(ticks).toBe(10);
});
