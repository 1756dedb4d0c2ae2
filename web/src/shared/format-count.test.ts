import { expect, test } from "vitest";
import { formatCount } from "./format-count.ts";

test("counts are grouped, exactly where they are beyond what a number can tell", () => {
  expect([0, 1_234_567].map(formatCount)).toEqual(["0", "1,234,567"]);
  expect(formatCount(9_007_199_254_740_993n)).toBe("9,007,199,254,740,993");
});
