import { type Kysely, sql } from "kysely";
import type { ProductTables } from "../store/product-tables.ts";
import type { Amount, ProductCriteria } from "./product-criteria.ts";
import type { SearchPosition } from "./product-finder.ts";

type PriceRange = NonNullable<ProductCriteria["price"]>;

/** A position in the index of prices: products with the same price are in the order of creation. */
export interface PricePosition extends Amount {
  readonly sequence: bigint;
}

/** Returns the position to start a scan after: `after` of an earlier search, or the one before the whole range. */
export function startPosition(
  after: SearchPosition | undefined,
  { min, max }: PriceRange,
  isAscending: boolean,
): PricePosition {
  if (after?.units !== undefined && after.nanos !== undefined) {
    return { units: after.units, nanos: after.nanos, sequence: after.sequence };
  }
  return isAscending ? { ...(min ?? lowest), sequence: 0n } : { ...(max ?? highest), sequence: maxInteger };
}

const maxInteger = 2n ** 63n - 1n;
const lowest: Amount = { units: 0n, nanos: 0n };
const highest: Amount = { units: maxInteger, nanos: 999_999_999n };

/** One step of a scan of the index of prices. */
export interface PriceScan {
  readonly range: PriceRange;
  /** The scan returns entries after this position. */
  readonly position: PricePosition;
  readonly isAscending: boolean;
  /** The maximum number of entries to return. */
  readonly limit: number;
}

/** Resolves to the next entries in the order of the scan. Fewer than `limit` mean that the scan is complete. */
export async function scanPriceIndex(tables: Kysely<ProductTables>, scan: PriceScan): Promise<PricePosition[]> {
  // Two queries, because SQLite would read all products with the same price again in each step of a single one.
  const samePrice = await scanSamePrice(tables, scan);
  const limit = scan.limit - samePrice.length;
  return limit === 0 ? samePrice : [...samePrice, ...(await scanNextPrices(tables, { ...scan, limit }))];
}

async function scanSamePrice(tables: Kysely<ProductTables>, scan: PriceScan): Promise<PricePosition[]> {
  const { range, position, isAscending, limit } = scan;
  const { rows } = await sql<PricePosition>`
    select price_units as units, price_nanos as nanos, sequence from product
    where deleted = 0 and price_currency = ${range.currency}
      and price_units = ${position.units} and price_nanos = ${position.nanos}
      and sequence ${sql.raw(isAscending ? ">" : "<")} ${position.sequence}
    order by sequence ${sql.raw(isAscending ? "asc" : "desc")}
    limit ${limit}`.execute(tables);
  return rows;
}

async function scanNextPrices(tables: Kysely<ProductTables>, scan: PriceScan): Promise<PricePosition[]> {
  const { range, position, isAscending, limit } = scan;
  const [beyond, within, end] = isAscending ? [">", "<=", range.max ?? highest] : ["<", ">=", range.min ?? lowest];
  const direction = sql.raw(isAscending ? "asc" : "desc");
  const { rows } = await sql<PricePosition>`
    select price_units as units, price_nanos as nanos, sequence from product
    where deleted = 0 and price_currency = ${range.currency}
      and (price_units, price_nanos) ${sql.raw(beyond)} (${position.units}, ${position.nanos})
      and (price_units, price_nanos) ${sql.raw(within)} (${end.units}, ${end.nanos})
    order by price_units ${direction}, price_nanos ${direction}, sequence ${direction}
    limit ${limit}`.execute(tables);
  return rows;
}
