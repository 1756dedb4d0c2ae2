import { expect, test } from "vitest";
import { candleSentence } from "./candle-sentence.ts";

test("a chart is told in words", () => {
  const bars = [
    { time: Date.UTC(2026, 0, 5, 14), open: 10, high: 12, low: 9, close: 11 },
    { time: Date.UTC(2026, 0, 5, 15), open: 11, high: 14, low: 10.5, close: 13 },
  ];
  expect(candleSentence("ACME", "1 h", bars, 2)).toMatch(
    /^ACME: 2 candles of 1 h since [\d:.]+, from 10\.00 to 13\.00, between 9\.00 and 14\.00\.$/,
  );
});

test("a chart of nothing is told too", () => {
  expect(candleSentence("ACME", "1 s", [], 2)).toBe("ACME: no candles of 1 s.");
});
