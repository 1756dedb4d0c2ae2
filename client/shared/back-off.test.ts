import { expect, test } from "vitest";
import { backOff } from "./back-off.ts";

test("the longest wait doubles from half a second up to ten seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 7].map((failures) => backOff(failures, 0.999_999))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
  ]);
});

test("chance takes any part of the wait", () => {
  expect(backOff(4, 0)).toBe(0);
  expect(backOff(1, 0.5)).toBe(250);
});

test("a very long outage does not overflow", () => {
  expect(backOff(100_000, 0.5)).toBe(5_000);
});
