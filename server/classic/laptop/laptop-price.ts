import { create } from "@bufbuild/protobuf";
import type { Laptop, Product } from "../../../gen/bourse/product/v1/product_pb.ts";
import { type Money, MoneySchema } from "../../../gen/google/type/money_pb.ts";

/** The currency of the tutorial's prices. */
export const laptopCurrency = "USD";

/** How many decimals money has. */
const decimals = 9;

/** An amount of US dollars, not negative and below 2^63, as money: rounded to nine decimals. */
export function moneyOf(usd: number): Money {
  const shortest = String(usd);
  const isExact = /^\d+(\.\d{1,9})?$/.test(shortest);
  const [units = "0", fraction = ""] = (isExact ? shortest : usd.toFixed(decimals)).split(".");
  return create(MoneySchema, {
    currencyCode: laptopCurrency,
    units: BigInt(units),
    nanos: Number(fraction.padEnd(decimals, "0")),
  });
}

/** Money as the number that is nearest to it. */
export function numberOf({ units, nanos }: Money): number {
  return Number(`${units}.${String(nanos).padStart(decimals, "0")}`);
}

/** What a laptop keeps of a price beside the money that it is: the number itself, where the money is not all of it. */
export function exactPrice(usd: number): number {
  return numberOf(moneyOf(usd)) === usd ? 0 : usd;
}

/** The price of a laptop in US dollars, to the last bit as it was given; undefined where it has none in that currency. */
export function priceOf({ price }: Product, { exactPriceUsd }: Laptop): number | undefined {
  if (price?.currencyCode !== laptopCurrency) return undefined;
  const rounded = numberOf(price);
  // The price may have been changed since: then the number is another's.
  return exactPriceUsd > 0 && isSame(moneyOf(exactPriceUsd), price) ? exactPriceUsd : rounded;
}

function isSame(one: Money, other: Money): boolean {
  return one.units === other.units && one.nanos === other.nanos;
}
