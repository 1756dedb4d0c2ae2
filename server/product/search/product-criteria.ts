import { SearchOrder, type SearchProductsRequest } from "../../../gen/bourse/product/v1/product_service_pb.ts";
import type { Money } from "../../../gen/google/type/money_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { memoryToBits } from "./memory-to-bits.ts";
import { foldCase, splitSearchTerms } from "./split-search-terms.ts";

/** An amount of money in a known currency, not negative. */
export interface Amount {
  readonly units: bigint;
  /** Billionths of a unit, from 0 to 999,999,999. */
  readonly nanos: bigint;
}

/** The conditions of a search and the order of its results. An absent field is no condition. */
export interface ProductCriteria {
  /** The product has all of these terms. An empty list matches no product. */
  readonly terms?: readonly string[];
  /** Both bounds are inclusive. */
  readonly price?: { readonly currency: string; readonly min?: Amount; readonly max?: Amount };
  /** Normalized by {@link foldCase}. */
  readonly brand?: string;
  readonly minCoreCount?: number;
  readonly minGhz?: number;
  readonly minRamBits?: bigint;
  readonly order: ProductOrder;
}

/** `relevance` requires `terms`; the orders by price require `price`. */
export type ProductOrder =
  | "relevance"
  | "created-ascending"
  | "created-descending"
  | "price-ascending"
  | "price-descending";

/** Returns the criteria of a request. Throws an InvalidFieldError if fields of the request contradict each other. */
export function parseProductCriteria(request: SearchProductsRequest): ProductCriteria {
  const { query, brand, minCoreCount, minGhz, minRam, price } = request;
  return {
    ...(query !== "" && { terms: splitSearchTerms(query) }),
    ...(price && { price: parsePriceRange(price.min, price.max) }),
    ...(brand !== "" && { brand: foldCase(brand) }),
    ...(minCoreCount > 0 && { minCoreCount }),
    ...(minGhz > 0 && { minGhz }),
    ...(minRam && minRam.value > 0n && { minRamBits: parseRam(minRam) }),
    order: parseOrder(request),
  };
}

function parsePriceRange(min: Money | undefined, max: Money | undefined): NonNullable<ProductCriteria["price"]> {
  const currency = (min ?? max)?.currencyCode;
  if (currency === undefined) {
    throw new InvalidFieldError("price", "has neither min nor max; set at least one, because it names the currency");
  }
  const range = {
    currency,
    ...(min && { min: parseAmount("min", min) }),
    ...(max && { max: parseAmount("max", max) }),
  };
  if (min === undefined || max === undefined) return range;
  if (max.currencyCode !== currency) {
    throw new InvalidFieldError("price.max", `is in ${max.currencyCode}, but min is in ${currency}; use one currency`);
  }
  if (max.units < min.units || (max.units === min.units && max.nanos < min.nanos)) {
    throw new InvalidFieldError("price.max", `${formatMoney(max)} is less than min, ${formatMoney(min)}`);
  }
  return range;
}

function parseAmount(bound: "min" | "max", { currencyCode, units, nanos }: Money): Amount {
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

function parseRam(ram: Parameters<typeof memoryToBits>[0]): bigint {
  const bits = memoryToBits(ram);
  if (bits !== undefined) return bits;
  throw new InvalidFieldError("min_ram.unit", `is missing or unknown; set the unit of the value ${ram.value}`);
}

function parseOrder({ order, query, price }: SearchProductsRequest): ProductOrder {
  switch (order) {
    case SearchOrder.RELEVANCE:
      if (query === "") throw new InvalidFieldError("order", "sorting by relevance requires a query");
      return "relevance";
    case SearchOrder.CREATED_ASCENDING:
      return "created-ascending";
    case SearchOrder.CREATED_DESCENDING:
      return "created-descending";
    case SearchOrder.PRICE_ASCENDING:
    case SearchOrder.PRICE_DESCENDING:
      if (price !== undefined) return order === SearchOrder.PRICE_ASCENDING ? "price-ascending" : "price-descending";
      throw new InvalidFieldError(
        "order",
        "sorting by price requires a price range, because prices in different currencies cannot be compared",
      );
    default:
      return query === "" ? "created-ascending" : "relevance";
  }
}

function formatMoney({ units, nanos, currencyCode }: Money): string {
  return `${units}.${String(nanos).padStart(9, "0")} ${currencyCode}`;
}
