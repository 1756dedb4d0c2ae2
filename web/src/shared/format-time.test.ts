import { expect, test } from "vitest";
import { formatTime } from "./format-time.ts";

const now = new Date(2026, 10, 20, 15, 4, 5, 678).getTime();

test("a moment of today has milliseconds", () => {
  expect(formatTime(now - 1, now)).toBe("15:04:05.677");
});

test("a moment of another day is a date", () => {
  expect(formatTime(new Date(2010, 2, 1).getTime(), now)).toBe("2010-03-01");
});
