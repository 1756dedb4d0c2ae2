import { expect, test } from "vitest";
import { changeOf, decimalsOf, formatPrice } from "./price-format.ts";

test("the tick size tells the decimals", () => {
  expect([1, 5, 0.5, 0.25, 0.01, 0.005, 0.0001, 0.00001].map(decimalsOf)).toEqual([0, 0, 1, 2, 2, 3, 4, 5]);
});

test("an unknown tick size means cents, and a tiny one is bounded", () => {
  expect([0, -1, Number.NaN, 1e-12].map(decimalsOf)).toEqual([2, 2, 2, 8]);
});

test("prices are grouped, with fixed decimals", () => {
  expect(formatPrice(1234.5, 2)).toBe("1,234.50");
});

test("a change has its sign in front of both figures", () => {
  expect(changeOf(101, 100, 2)).toEqual({ direction: "up", amount: "+1.00", percent: "+1.00%" });
  expect(changeOf(99.5, 100, 2)).toEqual({ direction: "down", amount: "−0.50", percent: "−0.50%" });
  expect(changeOf(100, 100, 2)).toEqual({ direction: "none", amount: "0.00", percent: "0.00%" });
});

test("a change too small to be written has no direction", () => {
  expect(changeOf(100.000001, 100, 2)?.direction).toBe("none");
});

test("without a previous close there is no change", () => {
  expect(changeOf(100, undefined, 2)).toBeUndefined();
  expect(changeOf(undefined, 100, 2)).toBeUndefined();
  expect(changeOf(100, 0, 2)).toBeUndefined();
});
