import { expect, test } from "vitest";
import { formatChange, formatPrice, priceDecimals } from "./format-price.ts";

test("the tick size determines the decimals", () => {
  expect([1, 5, 0.5, 0.25, 0.01, 0.005, 0.0001, 0.00001].map(priceDecimals)).toEqual([0, 0, 1, 2, 2, 3, 4, 5]);
});

test("an unknown tick size gives two decimals, and a tiny one is limited", () => {
  expect([0, -1, Number.NaN, 1e-12].map(priceDecimals)).toEqual([2, 2, 2, 8]);
});

test("prices are grouped and have fixed decimals", () => {
  expect(formatPrice(1234.5, 2)).toBe("1,234.50");
});

test("both numbers of a change have a sign", () => {
  expect(formatChange(101, 100, 2)).toEqual({ direction: "up", amount: "+1.00", percent: "+1.00%" });
  expect(formatChange(99.5, 100, 2)).toEqual({ direction: "down", amount: "−0.50", percent: "−0.50%" });
  expect(formatChange(100, 100, 2)).toEqual({ direction: "none", amount: "0.00", percent: "0.00%" });
});

test("a change that is rounded to zero has no direction", () => {
  expect(formatChange(100.000001, 100, 2)?.direction).toBe("none");
});

test("without a previous close there is no change", () => {
  expect(formatChange(100, undefined, 2)).toBeUndefined();
  expect(formatChange(undefined, 100, 2)).toBeUndefined();
  expect(formatChange(100, 0, 2)).toBeUndefined();
});
