import { expect, test } from "vitest";
import { describeCandles } from "./candle-table.tsx";

test("the description has the first, last, lowest and highest price", () => {
  const bars = [
    { time: Date.UTC(2026, 0, 5, 14), open: 10, high: 12, low: 9, close: 11 },
    { time: Date.UTC(2026, 0, 5, 15), open: 11, high: 14, low: 10.5, close: 13 },
  ];
  expect(describeCandles("ACME", "1 h", bars, 2)).toMatch(
    /^ACME: 2 candles of 1 h since [\d:.]+, open 10\.00, close 13\.00, low 9\.00, high 14\.00$/,
  );
});

test("an empty chart has a description", () => {
  expect(describeCandles("ACME", "1 s", [], 2)).toBe("ACME: no candles of 1 s");
});
