import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MoneySchema } from "../../../gen/google/type/money_pb.ts";
import { formatDecimal, formatMoney } from "./format-money.ts";

function written(currencyCode: string, units: bigint, nanos = 0): string {
  return formatMoney(create(MoneySchema, { currencyCode, units, nanos }));
}

test("an amount has its currency's sign and decimals", () => {
  expect(written("USD", 1_299n, 990_000_000)).toBe("$1,299.99");
  expect(written("EUR", 5n, 50_000_000)).toBe("€5.05");
  expect(written("JPY", 120_000n)).toBe("¥120,000");
});

test("a large amount is exact", () => {
  expect(written("USD", 9_007_199_254_740_993n, 10_000_000)).toBe("$9,007,199,254,740,993.01");
});

test("a negative amount below one has its sign", () => {
  expect(written("USD", 0n, -500_000_000)).toBe("-$0.50");
});

test("what is no currency code does not fail", () => {
  expect(written("", 5n)).toBe("5");
  expect(written("x", 5n, 500_000_000)).toBe("5.5 x");
});

test("what is finer than a currency's decimals is not rounded away", () => {
  expect(written("GBP", 0n, 1)).toBe("£0.000000001");
});

test("a sum of any length is exact", () => {
  expect(formatDecimal("-123456789012345678901234567890.06", "GBP")).toBe(
    "-£123,456,789,012,345,678,901,234,567,890.06",
  );
  expect(formatDecimal("5", "EUR")).toBe("€5.00");
  expect(formatDecimal("5", "")).toBe("5");
});
