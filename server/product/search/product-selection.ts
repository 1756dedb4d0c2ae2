import { SearchOrder, type SearchProductsRequest } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import type { Money } from "../../../gen/google/type/money_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { foldText } from "./fold-text.ts";
import { memoryBits } from "./memory-bits.ts";
import { searchTerms } from "./search-terms.ts";

/** An amount of money in a currency that is known. */
export interface Amount {
  readonly units: bigint;
  /** Billionths of a unit, from 0 to 999,999,999. */
  readonly nanos: bigint;
}

/** What a product must have to be found, and in what order they come. What is absent is no condition. */
export interface ProductSelection {
  /** It has all of these words. Empty: nothing is found. */
  readonly words?: readonly string[];
  readonly price?: { readonly currency: string; readonly min?: Amount; readonly max?: Amount };
  /** As {@link foldText} makes it. */
  readonly brand?: string;
  readonly minCoreCount?: number;
  readonly minGhz?: number;
  readonly minRamBits?: bigint;
  /** `relevance` only with words, `cheapest` and `dearest` only with a price. */
  readonly order: "relevance" | "oldest" | "newest" | "cheapest" | "dearest";
}

/** What a request asks for. Throws an InvalidFieldError where its parts contradict each other. */
export function productSelection(request: SearchProductsRequest): ProductSelection {
  const { query, brand, minCoreCount, minGhz, minRam, price } = request;
  return {
    ...(query !== "" && { words: searchTerms(query) }),
    ...(price && { price: priceRange(price.min, price.max) }),
    ...(brand !== "" && { brand: foldText(brand) }),
    ...(minCoreCount > 0 && { minCoreCount }),
    ...(minGhz > 0 && { minGhz }),
    ...(minRam && minRam.value > 0n && { minRamBits: ramBits(minRam) }),
    order: orderOf(request),
  };
}

function priceRange(min: Money | undefined, max: Money | undefined): ProductSelection["price"] & object {
  const currency = (min ?? max)?.currencyCode;
  if (currency === undefined) {
    throw new InvalidFieldError("price", "has neither min nor max: give one of them, as it tells the currency");
  }
  const range = { currency, ...(min && { min: amount("min", min) }), ...(max && { max: amount("max", max) }) };
  if (min === undefined || max === undefined) return range;
  if (max.currencyCode !== currency) {
    throw new InvalidFieldError("price.max", `is in ${max.currencyCode}, and min in ${currency}: choose one currency`);
  }
  if (max.units < min.units || (max.units === min.units && max.nanos < min.nanos)) {
    throw new InvalidFieldError("price.max", `${text(max)} is below min, which is ${text(min)}`);
  }
  return range;
}

function amount(bound: "min" | "max", { currencyCode, units, nanos }: Money): Amount {
  if (!/^[A-Z]{3}$/.test(currencyCode)) {
    const problem = `must be three capital letters (ISO 4217), not ${JSON.stringify(currencyCode.slice(0, 20))}`;
    throw new InvalidFieldError(`price.${bound}.currency_code`, problem);
  }
  if (units < 0n || nanos < 0) throw new InvalidFieldError(`price.${bound}`, "must not be negative");
  if (nanos >= 1_000_000_000) {
    throw new InvalidFieldError(`price.${bound}.nanos`, `must be below 1,000,000,000, not ${nanos}`);
  }
  return { units, nanos: BigInt(nanos) };
}

function ramBits(ram: Parameters<typeof memoryBits>[0]): bigint {
  const bits = memoryBits(ram);
  if (bits !== undefined) return bits;
  throw new InvalidFieldError("min_ram.unit", `is missing, or unknown: say what the ${ram.value} are`);
}

function orderOf({ order, query, price }: SearchProductsRequest): ProductSelection["order"] {
  switch (order) {
    case SearchOrder.RELEVANCE:
      if (query === "") throw new InvalidFieldError("order", "by relevance needs a query");
      return "relevance";
    case SearchOrder.CREATED_ASCENDING:
      return "oldest";
    case SearchOrder.CREATED_DESCENDING:
      return "newest";
    case SearchOrder.PRICE_ASCENDING:
    case SearchOrder.PRICE_DESCENDING:
      if (price !== undefined) return order === SearchOrder.PRICE_ASCENDING ? "cheapest" : "dearest";
      throw new InvalidFieldError(
        "order",
        "by price needs a price range, as prices in different currencies do not compare",
      );
    default:
      return query === "" ? "oldest" : "relevance";
  }
}

function text({ units, nanos, currencyCode }: Money): string {
  return `${units}.${String(nanos).padStart(9, "0")} ${currencyCode}`;
}
