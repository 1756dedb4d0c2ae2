import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import { deferredFeed } from "./deferred-feed.ts";
import type { QuoteFeed } from "./quote-feed.ts";
import { testFeed } from "./test-feed.ts";

function setUp() {
  const begin = Promise.withResolvers<void>();
  const stop = new AbortController();
  const published: number[] = [];
  const feed: QuoteFeed = deferredFeed(testFeed(new ManualTime()), begin.promise);
  const running = feed.run((ticks) => {
    published.push(...ticks.map(({ sourceTime }) => sourceTime - someMonday));
    stop.abort();
  }, stop.signal);
  return { feed, begin, stop, published, running };
}

test("a held feed publishes nothing until it may begin, and then all of it", async () => {
  const { begin, running, published, stop } = setUp();
  await Promise.resolve();
  expect(published).toEqual([]);
  begin.resolve();
  await running;
  expect(published).toEqual([0]);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

test("a held feed ends when the signal aborts, though it never began", async () => {
  const { stop, running, published } = setUp();
  stop.abort();
  await running;
  expect(published).toEqual([]);
});

test("a held feed has the instruments of the feed", () => {
  expect(setUp().feed.instruments.map(({ symbol }) => symbol)).toEqual(["TEST"]);
});
