import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MoneySchema } from "../../../gen/google/type/money_pb.ts";
import { formatBytes, formatCount, formatDecimal, formatMoney, formatRemaining, formatTime } from "./format-values.ts";

test("counts are grouped, and exact beyond the safe integers", () => {
  expect([0, 1_234_567].map(formatCount)).toEqual(["0", "1,234,567"]);
  expect(formatCount(9_007_199_254_740_993n)).toBe("9,007,199,254,740,993");
});

test("bytes are formatted in the largest unit that fits", () => {
  const texts = [0, 1, 999, 1_000, 1_234_567, 999_499, 999_500, 20e9, 5e15].map(formatBytes);
  expect(texts).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1.0 kB",
    "1.23 MB",
    "999 kB",
    "1.0 MB",
    "20 GB",
    "5,000 TB",
  ]);
});

test("a remaining time is rounded", () => {
  const texts = [1, 59_000, 90_000, 3_600_000, 2 * 3_600_000 + 300_000, 5 * 86_400_000].map(formatRemaining);
  expect(texts).toEqual(["1 s left", "59 s left", "2 min left", "1 h 0 min left", "2 h 5 min left", "5 days left"]);
});

const now = new Date(2026, 10, 20, 15, 4, 5, 678).getTime();

test("a time of today has milliseconds", () => {
  expect(formatTime(now - 1, now)).toBe("15:04:05.677");
});

test("a time of another day is a date", () => {
  expect(formatTime(new Date(2010, 2, 1).getTime(), now)).toBe("2010-03-01");
});

function moneyText(currencyCode: string, units: bigint, nanos = 0): string {
  return formatMoney(create(MoneySchema, { currencyCode, units, nanos }));
}

test("an amount has the sign and the decimals of its currency", () => {
  expect(moneyText("USD", 1_299n, 990_000_000)).toBe("$1,299.99");
  expect(moneyText("EUR", 5n, 50_000_000)).toBe("€5.05");
  expect(moneyText("JPY", 120_000n)).toBe("¥120,000");
});

test("a large amount is exact", () => {
  expect(moneyText("USD", 9_007_199_254_740_993n, 10_000_000)).toBe("$9,007,199,254,740,993.01");
});

test("a negative amount below one has its sign", () => {
  expect(moneyText("USD", 0n, -500_000_000)).toBe("-$0.50");
});

test("an invalid currency code is appended", () => {
  expect(moneyText("", 5n)).toBe("5");
  expect(moneyText("x", 5n, 500_000_000)).toBe("5.5 x");
});

test("digits beyond the decimals of the currency are kept", () => {
  expect(moneyText("GBP", 0n, 1)).toBe("£0.000000001");
});

test("a decimal of any length is exact", () => {
  expect(formatDecimal("-123456789012345678901234567890.06", "GBP")).toBe(
    "-£123,456,789,012,345,678,901,234,567,890.06",
  );
  expect(formatDecimal("5", "EUR")).toBe("€5.00");
  expect(formatDecimal("5", "")).toBe("5");
});
