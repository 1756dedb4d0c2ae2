import { describe, expect, it } from "vitest";
import { someMonday } from "../../shared/testing/manual-time.ts";
import type { Tick } from "../feed/quote-feed.ts";
import type { PriceCandle } from "./candle-store.ts";
import { InstrumentCandles } from "./instrument-candles.ts";

const second = 1_000_000;

function setUp(isBar = false) {
  const candles = new InstrumentCandles("A");
  const complete: PriceCandle[] = [];
  let late = 0;
  const sink = { complete: (_series: unknown, candle: PriceCandle) => complete.push(candle), late: () => late++ };
  /** @param at seconds after a full hour and a half */
  const add = (at: number, fields: Partial<Tick>) =>
    candles.add({ symbol: "A", sourceTime: someMonday + at * second, ...fields }, isBar, sink);
  const pricesOf = (span: number) => prices(candles.open().find((candle) => candle.span === span));
  return { candles, complete, add, pricesOf, late: () => late };
}

const prices = (candle?: PriceCandle) => candle && [candle.open, candle.high, candle.low, candle.close];

describe("InstrumentCandles", () => {
  it("builds candles of every span, each starting at a multiple of the span", () => {
    const { add, candles } = setUp();
    add(3667.25, { last: 5 });
    expect(candles.open().map(({ span, openTime }) => [span, (openTime - someMonday) / second])).toEqual([
      [1, 3667],
      [60, 3660],
      [300, 3600],
      [3600, 1800],
    ]);
  });

  it("keeps the first, highest, lowest and last price, and counts", () => {
    const { add, candles, pricesOf } = setUp();
    for (const last of [5, 9, 2, 4]) add(1, { last });
    expect(pricesOf(60)).toEqual([5, 9, 2, 4]);
    expect(candles.open()[0]?.quoteCount).toBe(4);
  });

  it("uses the price of the last trade, or the middle of bid and ask, or the available one of the two", () => {
    const { add, pricesOf } = setUp();
    add(1, { last: 5, bid: 1, ask: 2 });
    add(1, { bid: 1, ask: 2 });
    add(1, { ask: 3 });
    add(1, { bid: 2 });
    expect(pricesOf(1)).toEqual([5, 5, 1.5, 2]);
  });

  it("rounds the middle to a decimal", () => {
    const { add, pricesOf } = setUp();
    add(1, { bid: 1.17, ask: 1.18 });
    add(1, { bid: 86.655, ask: 86.728 });
    add(1, { bid: 1.1e-9, ask: 1.3e-9 });
    expect(pricesOf(1)).toEqual([1.175, 86.6915, 1.2e-9, 1.2e-9]);
  });

  it("ignores ticks without a price", () => {
    const { add, candles } = setUp();
    add(1, { volume: 5n });
    expect(candles.open()).toEqual([]);
  });

  it("completes a candle when a newer span starts, and has none for a span without ticks", () => {
    const { add, complete, pricesOf } = setUp();
    add(0, { last: 1, lastSize: 3n });
    add(0.5, { last: 2, lastSize: 4n });
    add(75, { last: 3, lastSize: 1n });
    expect(complete).toEqual([
      { symbol: "A", span: 1, openTime: someMonday, open: 1, high: 2, low: 1, close: 2, volume: 7n, quoteCount: 2 },
      { symbol: "A", span: 60, openTime: someMonday, open: 1, high: 2, low: 1, close: 2, volume: 7n, quoteCount: 2 },
    ]);
    expect(pricesOf(60)).toEqual([3, 3, 3, 3]);
    expect(pricesOf(300)).toEqual([1, 3, 1, 3]);
  });

  it("adds a late tick to the open candles of its time without changing open and close, and counts it for the others", () => {
    const { add, late, pricesOf, complete } = setUp();
    add(30, { last: 5 });
    add(59, { last: 6 });
    add(10, { last: 9 });
    add(11, { last: 1 });
    expect(pricesOf(60)).toEqual([5, 9, 1, 6]);
    expect(late()).toBe(2);
    expect(complete.map(prices)).toEqual([[5, 5, 5, 5]]);
  });

  it("has no volume if the source has none, and never more than an int64", () => {
    const { add, candles } = setUp();
    add(1, { last: 5 });
    expect(candles.open()[0]?.volume).toBeUndefined();
    for (let n = 0; n < 3; n++) add(1, { last: 5, lastSize: 2n ** 62n });
    expect(candles.open()[0]?.volume).toBe(2n ** 63n - 1n);
  });

  it("uses the prices and the volume of a bar", () => {
    const { add, pricesOf, candles } = setUp(true);
    add(0, { last: 5, open: 4, high: 8, low: 3, volume: 100n });
    add(0.5, { last: 6, volume: 50n });
    expect(pricesOf(1)).toEqual([4, 8, 3, 6]);
    expect(candles.open()[0]?.volume).toBe(150n);
  });

  it("continues stored candles", () => {
    const before = setUp();
    before.add(1, { last: 5, volume: 100n });
    before.add(2, { last: 7, volume: 110n });
    const after = setUp();
    for (const candle of before.candles.open()) after.candles.restore(candle);
    after.add(1.5, { last: 1, volume: 105n });
    after.add(30, { last: 6, volume: 140n });
    expect(after.pricesOf(60)).toEqual([5, 7, 1, 6]);
    expect(after.candles.open().find(({ span }) => span === 60)).toMatchObject({ volume: 40n, quoteCount: 4 });
    expect(after.complete.map(prices)).toEqual([[7, 7, 7, 7]]);
  });

  it("aligns times before 1970 in the same way", () => {
    const { candles } = setUp();
    const sink = { complete: () => {}, late: () => {} };
    candles.add({ symbol: "A", sourceTime: -1, last: 1 }, false, sink);
    expect(candles.open().map(({ openTime }) => openTime / second)).toEqual([-1, -60, -300, -3600]);
  });
});
