import fc from "fast-check";
import { expect, test } from "vitest";
import { moneyText, parseMoney } from "./money-text.ts";

test.each([
  ["49.90", 49n, 900_000_000, "49.90 EUR"],
  ["0.1", 0n, 100_000_000, "0.10 EUR"],
  ["7", 7n, 0, "7.00 EUR"],
  [" 0.000000001 ", 0n, 1, "0.000000001 EUR"],
  ["999999999999999999.999999999", 10n ** 18n - 1n, 999_999_999, "999999999999999999.999999999 EUR"],
])("%s is exactly that", (text, units, nanos, again) => {
  expect(parseMoney(text, "EUR")).toEqual({ currencyCode: "EUR", units, nanos });
  expect(moneyText({ currencyCode: "EUR", units, nanos })).toBe(again);
});

test.each(["", "-1", "1,5", "1.", ".5", "1e3", "0x10", "£5", "1.0000000001", "1000000000000000000", "٣"])(
  "%j is no amount",
  (text) => {
    expect(() => parseMoney(text, "EUR")).toThrow("an amount such as 49.90");
  },
);

test("any amount comes back as it went in", () => {
  const anyAmount = fc.record({
    units: fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  });
  fc.assert(
    fc.property(anyAmount, ({ units, nanos }) => {
      const text = moneyText({ currencyCode: "EUR", units, nanos }).replace(" EUR", "");
      expect(parseMoney(text, "EUR")).toEqual({ currencyCode: "EUR", units, nanos });
    }),
  );
});
