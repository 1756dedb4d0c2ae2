import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Amount, parseAmount } from "../../../../client/shared/money-text.ts";
import { MemoryUnit } from "../../../../gen/bourse/product/v1/product_pb.ts";
import {
  SearchOrder,
  type SearchProductsRequest,
  SearchProductsRequestSchema,
} from "../../../../gen/bourse/product/v1/product_service_pb.ts";

/** The values of the search form and of the page's address: texts that are not validated. */
export interface ProductQuery {
  /** Search terms. */
  readonly q: string;
  readonly brand: string;
  /** The lowest price in `currency`, such as `999.99`. Empty: no lower bound. */
  readonly min: string;
  /** The highest price in `currency`. Empty: no upper bound. */
  readonly max: string;
  readonly currency: string;
  readonly cores: string;
  readonly ghz: string;
  /** An amount of memory in `unit`. */
  readonly ram: string;
  readonly unit: string;
  readonly order: string;
}

/** Error messages by field. */
export type QueryProblems = { readonly [field in keyof ProductQuery]?: string };

/** The query that selects all products. */
export const allProducts: ProductQuery = {
  q: "",
  brand: "",
  min: "",
  max: "",
  currency: "USD",
  cores: "",
  ghz: "",
  ram: "",
  unit: "GB",
  order: "",
};

/** The units of memory by name. */
export const memoryUnits: ReadonlyMap<string, MemoryUnit> = new Map([
  ["MB", MemoryUnit.MEGABYTE],
  ["GB", MemoryUnit.GIGABYTE],
  ["TB", MemoryUnit.TERABYTE],
]);

/** The sort orders by their value in an address, with their titles. */
export const searchOrders: ReadonlyMap<string, { readonly order: SearchOrder; readonly title: string }> = new Map([
  ["", { order: SearchOrder.UNSPECIFIED, title: "Best match" }],
  ["oldest", { order: SearchOrder.CREATED_ASCENDING, title: "Oldest first" }],
  ["newest", { order: SearchOrder.CREATED_DESCENDING, title: "Newest first" }],
  ["cheapest", { order: SearchOrder.PRICE_ASCENDING, title: "Price: low to high" }],
  ["dearest", { order: SearchOrder.PRICE_DESCENDING, title: "Price: high to low" }],
]);

const maxUint32 = 2 ** 32 - 1;

/** Converts a query to a request. Returns error messages if it is invalid. */
export function parseSearch(query: ProductQuery): SearchProductsRequest | QueryProblems {
  const currency = query.currency.trim().toUpperCase();
  const [min, max] = [parsePrice(query.min), parsePrice(query.max)];
  const [cores, ram] = [parseInteger(query.cores), parseInteger(query.ram)];
  const ghz = parseDecimal(query.ghz);
  const order = searchOrders.get(query.order)?.order;
  const byPrice = order === SearchOrder.PRICE_ASCENDING || order === SearchOrder.PRICE_DESCENDING;
  const needsCurrency = byPrice || min !== undefined || max !== undefined;
  const problems: QueryProblems = {
    ...(min === null && { min: invalidPrice }),
    ...(max === null && { max: invalidPrice }),
    ...(isAbove(min, max) && { max: "Must not be less than “Price from”." }),
    ...(needsCurrency && !/^[A-Z]{3}$/.test(currency) && { currency: "Enter three letters such as USD." }),
    ...(cores === null && { cores: invalidInteger }),
    ...(ghz === null && { ghz: "Enter a number such as 2.5." }),
    ...(ram === null && { ram: invalidInteger }),
    ...(order === undefined && { order: "Unknown sort order" }),
  };
  if (Object.keys(problems).length > 0) return problems;
  const search: MessageInitShape<typeof SearchProductsRequestSchema> = {
    query: query.q.trim(),
    brand: query.brand.trim(),
    minCoreCount: cores ?? 0,
    minGhz: ghz ?? 0,
    order: order ?? SearchOrder.UNSPECIFIED,
  };
  if (ram) search.minRam = { value: BigInt(ram), unit: memoryUnits.get(query.unit) ?? MemoryUnit.GIGABYTE };
  if (needsCurrency) {
    search.price = {
      ...((min || !max) && { min: { currencyCode: currency, ...(min ?? zeroAmount) } }), // sorting by price requires a range
      ...(max && { max: { currencyCode: currency, ...max } }),
    };
  }
  return create(SearchProductsRequestSchema, search);
}

/** Whether {@link parseSearch} returned a request. */
export function isSearch(result: SearchProductsRequest | QueryProblems): result is SearchProductsRequest {
  return "$typeName" in result;
}

/** Parses the query string of an address, such as `?q=laptop&cores=8`. */
export function parseProductQuery(queryString: string): ProductQuery {
  const params = new URLSearchParams(queryString);
  const entries = Object.entries(allProducts).map(([name, value]) => [name, params.get(name) ?? value]);
  return Object.fromEntries(entries) as ProductQuery;
}

/** Formats a query string for {@link parseProductQuery}; empty for {@link allProducts}. */
export function formatProductQuery(query: ProductQuery): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== allProducts[name as keyof ProductQuery]) params.set(name, value);
  }
  return params.size === 0 ? "" : `?${params}`;
}

/** Returns the id of the open product in a query string, or undefined if none is open. */
export function parseOpenProduct(queryString: string): string | undefined {
  return new URLSearchParams(queryString).get(openProductParameter) ?? undefined;
}

/** Returns a query string with the id of the open product. */
export function addOpenProduct(queryString: string, id: string | undefined): string {
  if (id === undefined) return queryString;
  const params = new URLSearchParams(queryString);
  params.set(openProductParameter, id);
  return `?${params}`;
}

const openProductParameter = "product";
const invalidPrice = "Enter an amount such as 999.99.";
const invalidInteger = "Enter a whole number such as 8.";
const zeroAmount: Amount = { units: 0n, nanos: 0 };

// Each parser returns undefined for an empty field, and null for an invalid one.

function parsePrice(text: string): Amount | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const amount = parseAmount(trimmed);
  return amount === undefined || amount.units < 0n || amount.nanos < 0 ? null : amount;
}

function parseInteger(text: string): number | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^\d+$/.test(trimmed) && Number(trimmed) <= maxUint32 ? Number(trimmed) : null;
}

function parseDecimal(text: string): number | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^\d{1,9}(\.\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

function isAbove(min: Amount | undefined | null, max: Amount | undefined | null): boolean {
  if (!min || !max) return false;
  return min.units > max.units || (min.units === max.units && min.nanos > max.nanos);
}
