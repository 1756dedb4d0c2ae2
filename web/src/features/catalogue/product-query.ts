import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Amount, parseAmount } from "../../../../client/shared/money-text.ts";
import { MemoryUnit } from "../../../../gen/bourse/product/v1/product_pb.ts";
import {
  SearchOrder,
  type SearchProductsRequest,
  SearchProductsRequestSchema,
} from "../../../../gen/bourse/product/v1/product_service_pb.ts";

/** A search as it stands in the form, and in the page's address: text that may be wrong. */
export interface ProductQuery {
  /** Words that are searched for. */
  readonly q: string;
  readonly brand: string;
  /** Prices, as in `999.99`, in `currency`. */
  readonly min: string;
  readonly max: string;
  readonly currency: string;
  readonly cores: string;
  readonly ghz: string;
  /** How much of `unit`. */
  readonly ram: string;
  readonly unit: string;
  readonly order: string;
}

/** What is wrong with a query, by its field. */
export type QueryProblems = { readonly [field in keyof ProductQuery]?: string };

/** The query that finds the whole catalogue. */
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

/** Units of memory, by what they are called. */
export const memoryUnits: ReadonlyMap<string, MemoryUnit> = new Map([
  ["MB", MemoryUnit.MEGABYTE],
  ["GB", MemoryUnit.GIGABYTE],
  ["TB", MemoryUnit.TERABYTE],
]);

/** Orders of a search, by their name in an address, with what they are called. */
export const searchOrders: ReadonlyMap<string, { readonly order: SearchOrder; readonly title: string }> = new Map([
  ["", { order: SearchOrder.UNSPECIFIED, title: "Best match" }],
  ["oldest", { order: SearchOrder.CREATED_ASCENDING, title: "Oldest first" }],
  ["newest", { order: SearchOrder.CREATED_DESCENDING, title: "Newest first" }],
  ["cheapest", { order: SearchOrder.PRICE_ASCENDING, title: "Cheapest first" }],
  ["dearest", { order: SearchOrder.PRICE_DESCENDING, title: "Dearest first" }],
]);

const maxUint32 = 2 ** 32 - 1;

/** The search that a query means, or what is wrong with it. */
export function searchOf(query: ProductQuery): SearchProductsRequest | QueryProblems {
  const currency = query.currency.trim().toUpperCase();
  const [min, max] = [priceOf(query.min), priceOf(query.max)];
  const [cores, ram] = [wholeOf(query.cores), wholeOf(query.ram)];
  const ghz = decimalOf(query.ghz);
  const order = searchOrders.get(query.order)?.order;
  const byPrice = order === SearchOrder.PRICE_ASCENDING || order === SearchOrder.PRICE_DESCENDING;
  const needsCurrency = byPrice || min !== undefined || max !== undefined;
  const problems: QueryProblems = {
    ...(min === null && { min: notAPrice }),
    ...(max === null && { max: notAPrice }),
    ...(isAbove(min, max) && { max: "This must not be below the lowest price." }),
    ...(needsCurrency && !/^[A-Z]{3}$/.test(currency) && { currency: "Three letters, as in USD." }),
    ...(cores === null && { cores: notWhole }),
    ...(ghz === null && { ghz: "A number, as in 2.5." }),
    ...(ram === null && { ram: notWhole }),
    ...(order === undefined && { order: "There is no such order." }),
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
      ...((min || !max) && { min: { currencyCode: currency, ...(min ?? nothing) } }), // An order by price needs a range.
      ...(max && { max: { currencyCode: currency, ...max } }),
    };
  }
  return create(SearchProductsRequestSchema, search);
}

/** Whether a search could be made. */
export function isSearch(result: SearchProductsRequest | QueryProblems): result is SearchProductsRequest {
  return "$typeName" in result;
}

/** The query in the search part of an address, as in `?q=laptop&cores=8`. */
export function parseProductQuery(search: string): ProductQuery {
  const params = new URLSearchParams(search);
  const entries = Object.entries(allProducts).map(([name, value]) => [name, params.get(name) ?? value]);
  return Object.fromEntries(entries) as ProductQuery;
}

/** The search part of an address that {@link parseProductQuery} makes the query of; empty for the whole catalogue. */
export function formatProductQuery(query: ProductQuery): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== allProducts[name as keyof ProductQuery]) params.set(name, value);
  }
  return params.size === 0 ? "" : `?${params}`;
}

/** The product that is open, by its id, in the search part of an address. Undefined where none is. */
export function openProductIn(search: string): string | undefined {
  return new URLSearchParams(search).get(openName) ?? undefined;
}

/** The search part of an address with a product that is open. */
export function withOpenProduct(search: string, id: string | undefined): string {
  if (id === undefined) return search;
  const params = new URLSearchParams(search);
  params.set(openName, id);
  return `?${params}`;
}

const openName = "product";
const notAPrice = "An amount, as in 999.99.";
const notWhole = "A whole number, as in 8.";
const nothing: Amount = { units: 0n, nanos: 0 };

// Each undefined where the field is empty, null where it makes no sense.

function priceOf(text: string): Amount | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const amount = parseAmount(trimmed);
  return amount === undefined || amount.units < 0n || amount.nanos < 0 ? null : amount;
}

function wholeOf(text: string): number | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^\d+$/.test(trimmed) && Number(trimmed) <= maxUint32 ? Number(trimmed) : null;
}

function decimalOf(text: string): number | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^\d{1,9}(\.\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

function isAbove(min: Amount | undefined | null, max: Amount | undefined | null): boolean {
  if (!min || !max) return false;
  return min.units > max.units || (min.units === max.units && min.nanos > max.nanos);
}
