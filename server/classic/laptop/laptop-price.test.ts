import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LaptopSchema, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { Money } from "../../../gen/google/type/money_pb.ts";
import { exactPrice, laptopPrice, toMoney, toNumber } from "./laptop-price.ts";

const anyPrice = fc.double({ min: 0, max: 2 ** 63, maxExcluded: true, noNaN: true });

/** Prices as the tutorial's client generates them. */
const tutorialPrice = fc.double({ min: 1_500, max: 3_500, noNaN: true });

test.each([
  [0, 0n, 0],
  [-0, 0n, 0],
  [1999.99, 1999n, 990_000_000],
  [0.1, 0n, 100_000_000],
  [123456789.99, 123456789n, 990_000_000],
  [2500, 2500n, 0],
  [1e-9, 0n, 1],
  [1e-10, 0n, 0],
  [0.9999999999, 1n, 0],
  [0.1 + 0.2, 0n, 300_000_000],
  [2 ** 53, 2n ** 53n, 0],
])("%d dollars are %d and %d billionths", (usd, units, nanos) => {
  expect(toMoney(usd)).toMatchObject({ currencyCode: "USD", units, nanos });
});

test("the money is valid, and the nearest to the price with nine decimals", () => {
  fc.assert(
    fc.property(fc.oneof(anyPrice, tutorialPrice), (usd) => {
      const { units, nanos } = toMoney(usd);
      expect(units >= 0n && nanos >= 0 && nanos < 1_000_000_000).toBe(true);
      // Half a billionth, plus the rounding error of the price.
      expect(Math.abs(toNumber(toMoney(usd)) - usd)).toBeLessThanOrEqual(0.5e-9 + usd * Number.EPSILON);
    }),
  );
});

test("a higher price never gives less money", () => {
  const inOrder = (one: Money, other: Money) =>
    one.units < other.units || (one.units === other.units && one.nanos <= other.nanos);
  fc.assert(
    fc.property(anyPrice, anyPrice, tutorialPrice, tutorialPrice, (...prices) => {
      const money = prices.sort((a, b) => a - b).map(toMoney);
      for (const [at, each] of money.entries()) expect(inOrder(money[at - 1] ?? each, each)).toBe(true);
    }),
  );
});

describe("a price", () => {
  test("is returned exactly", () => {
    fc.assert(
      fc.property(fc.oneof(anyPrice, tutorialPrice), (usd) => {
        expect(laptopPrice(...laptopAt(usd))).toBe(usd === 0 ? 0 : usd);
      }),
    );
  });

  test("with up to nine decimals is exact as money", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 6 }), fc.integer({ min: 0, max: 999_999_999 }), (units, nanos) => {
        expect(exactPrice(Number(`${units}.${String(nanos).padStart(9, "0")}`))).toBe(0);
      }),
    );
  });

  test("that was changed without the exact price is the changed one", () => {
    const [product, laptop] = laptopAt(1999.1234567890124);
    expect(laptop.exactPriceUsd).toBe(1999.1234567890124);
    product.price = toMoney(1500);
    expect(laptopPrice(product, laptop)).toBe(1500);
  });

  test("in another currency is undefined", () => {
    const [product, laptop] = laptopAt(100);
    expect(laptopPrice(create(ProductSchema, {}), laptop)).toBeUndefined();
    product.price = { ...toMoney(100), currencyCode: "EUR" };
    expect(laptopPrice(product, laptop)).toBeUndefined();
  });
});

function laptopAt(usd: number) {
  const laptop = create(LaptopSchema, { exactPriceUsd: exactPrice(usd) });
  return [create(ProductSchema, { price: toMoney(usd) }), laptop] as const;
}
