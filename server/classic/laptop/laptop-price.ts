import { create } from "@bufbuild/protobuf";
import type { Laptop, Product } from "../../../gen/bourse/product/v1/product_pb.ts";
import { type Money, MoneySchema } from "../../../gen/google/type/money_pb.ts";

/** The currency of the tutorial's prices. */
export const laptopCurrency = "USD";

/** The number of decimals of `google.type.Money`. */
const decimals = 9;

/** Converts US dollars to money, rounded to nine decimals. `usd` is not negative and below 2^63. */
export function toMoney(usd: number): Money {
  const shortest = String(usd);
  const isExact = /^\d+(\.\d{1,9})?$/.test(shortest);
  const [units = "0", fraction = ""] = (isExact ? shortest : usd.toFixed(decimals)).split(".");
  return create(MoneySchema, {
    currencyCode: laptopCurrency,
    units: BigInt(units),
    nanos: Number(fraction.padEnd(decimals, "0")),
  });
}

/** Converts money to the nearest number. */
export function toNumber({ units, nanos }: Money): number {
  return Number(`${units}.${String(nanos).padStart(decimals, "0")}`);
}

/** Returns the price to store beside its money: 0 if the money is exact, else the price itself. */
export function exactPrice(usd: number): number {
  return toNumber(toMoney(usd)) === usd ? 0 : usd;
}

/** Returns the exact price of a laptop in US dollars, or undefined if it has no price in that currency. */
export function laptopPrice({ price }: Product, { exactPriceUsd }: Laptop): number | undefined {
  if (price?.currencyCode !== laptopCurrency) return undefined;
  // The exact price is outdated if the price was changed without it.
  return exactPriceUsd > 0 && equalAmounts(toMoney(exactPriceUsd), price) ? exactPriceUsd : toNumber(price);
}

function equalAmounts(one: Money, other: Money): boolean {
  return one.units === other.units && one.nanos === other.nanos;
}
