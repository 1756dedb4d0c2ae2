import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatAmount, formatMoney, fromNanos, parseAmount, parseMoney, toNanos } from "./money-text.ts";

const allNanos = fc.bigInt({ min: -(10n ** 27n) + 1n, max: 10n ** 27n - 1n });
const amounts = allNanos.map(fromNanos);

describe("parseAmount", () => {
  it.each<[string, bigint, number]>([
    ["2.55", 2n, 550_000_000],
    ["18.0", 18n, 0],
    ["0.0", 0n, 0],
    ["-0", 0n, 0],
    ["-0.001", 0n, -1_000_000],
    ["-11062.06", -11_062n, -60_000_000],
    ["0.000000001", 0n, 1],
    ["1.10000000000000", 1n, 100_000_000],
    ["007", 7n, 0],
  ])("reads %s", (text, units, nanos) => {
    expect(parseAmount(text)).toEqual({ units, nanos });
  });

  it.each(["", "-", ".5", "5.", "+5", "1e3", "1,5", "1,000.00", "£2", " 2", "0x1", "NaN", "0.0000000001", "1.2.3"])(
    "does not read %j",
    (text) => {
      expect(parseAmount(text)).toBeUndefined();
    },
  );

  it("never returns a negative zero, which differs from the value that a server stores", () => {
    expect(Object.is(parseAmount("-0.0")?.nanos, 0)).toBe(true);
  });

  it("reads what formatAmount writes", () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseAmount(formatAmount(amount))).toEqual(amount);
      }),
    );
  });

  it("reads every valid text as the number that formatAmount writes", () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{1,${max}}$`));
    fc.assert(
      fc.property(fc.constantFrom("", "-"), digits(18), fc.option(digits(9)), (sign, whole, fraction) => {
        const text = `${sign}${whole}${fraction === null ? "" : `.${fraction}`}`;
        const scaled = (written: string) => {
          const [units = "", fine = ""] = written.replace("-", "").split(".");
          const value = BigInt(units + fine.padEnd(9, "0"));
          return written.startsWith("-") ? -value : value;
        };
        const amount = parseAmount(text);
        expect(amount).toBeDefined();
        if (amount !== undefined) expect(scaled(formatAmount(amount))).toBe(scaled(text));
      }),
    );
  });
});

describe("formatAmount", () => {
  it.each<[bigint, number, string]>([
    [2n, 550_000_000, "2.55"],
    [0n, 0, "0"],
    [-3n, 0, "-3"],
    [0n, -1, "-0.000000001"],
    [-11_062n, -60_000_000, "-11062.06"],
  ])("writes %d and %d nanos as %s", (units, nanos, text) => {
    expect(formatAmount({ units, nanos })).toBe(text);
  });
});

describe("fromNanos", () => {
  it("returns units and nanos with the sign of the amount, and toNanos reverses it", () => {
    expect(fromNanos(-2_550_000_000n)).toEqual({ units: -2n, nanos: -550_000_000 });
    fc.assert(fc.property(allNanos, (all) => toNanos(fromNanos(all)) === all));
  });
});

test.each([
  ["49.90", 49n, 900_000_000, "49.90 EUR"],
  ["0.1", 0n, 100_000_000, "0.10 EUR"],
  ["7", 7n, 0, "7.00 EUR"],
  [" 0.000000001 ", 0n, 1, "0.000000001 EUR"],
  ["999999999999999999.999999999", 10n ** 18n - 1n, 999_999_999, "999999999999999999.999999999 EUR"],
])("parseMoney and formatMoney keep %s exactly", (text, units, nanos, again) => {
  expect(parseMoney(text, "EUR")).toEqual({ currencyCode: "EUR", units, nanos });
  expect(formatMoney({ currencyCode: "EUR", units, nanos })).toBe(again);
});

test.each(["", "-1", "1,5", "1.", ".5", "1e3", "0x10", "£5", "1.0000000001", "1000000000000000000", "٣"])(
  "%j is not a price",
  (text) => {
    expect(() => parseMoney(text, "EUR")).toThrow("expected an amount such as 49.90");
  },
);

test("parseMoney reads what formatMoney writes", () => {
  const anyAmount = fc.record({
    units: fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  });
  fc.assert(
    fc.property(anyAmount, ({ units, nanos }) => {
      const text = formatMoney({ currencyCode: "EUR", units, nanos }).replace(" EUR", "");
      expect(parseMoney(text, "EUR")).toEqual({ currencyCode: "EUR", units, nanos });
    }),
  );
});
