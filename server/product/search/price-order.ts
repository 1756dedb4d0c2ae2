import { type Kysely, sql } from "kysely";
import type { Tables } from "../../storage/tables.ts";
import type { SearchPlace } from "./product-finder.ts";
import type { Amount, ProductSelection } from "./product-selection.ts";

/** A place in the order by price, and then by creation. */
export interface PricePosition extends Amount {
  readonly sequence: bigint;
}

/** The place in the order by price that a search has come to; undefined at its beginning. */
export function pricePosition(place: SearchPlace | undefined): PricePosition | undefined {
  if (place?.units === undefined || place.nanos === undefined) return undefined;
  return { units: place.units, nanos: place.nanos, sequence: place.sequence };
}

/** The place before all prices of a range. */
export function firstPosition({ min, max }: ProductSelection["price"] & object, isAscending: boolean): PricePosition {
  return isAscending ? { ...(min ?? lowest), sequence: 0n } : { ...(max ?? highest), sequence: maxInteger };
}

const maxInteger = 2n ** 63n - 1n;
const lowest: Amount = { units: 0n, nanos: 0n };
const highest: Amount = { units: maxInteger, nanos: 999_999_999n };

/** A step through the index of prices. */
export interface PriceStep {
  readonly range: ProductSelection["price"] & object;
  /** The place that was read last. */
  readonly position: PricePosition;
  readonly isAscending: boolean;
  /** How many places are wanted. */
  readonly limit: number;
}

/** The next places: first of what costs the same, then of what costs more, or less. Fewer than wanted: the last. */
export async function pricedProducts(tables: Kysely<Tables>, step: PriceStep): Promise<PricePosition[]> {
  // Apart, as SQLite would read all that costs the same anew for each step.
  const alike = await pricedAlike(tables, step);
  const limit = step.limit - alike.length;
  return limit === 0 ? alike : [...alike, ...(await pricedBeyond(tables, { ...step, limit }))];
}

async function pricedAlike(tables: Kysely<Tables>, step: PriceStep): Promise<PricePosition[]> {
  const { range, position, isAscending, limit } = step;
  const { rows } = await sql<PricePosition>`
    select price_units as units, price_nanos as nanos, sequence from product
    where deleted = 0 and price_currency = ${range.currency}
      and price_units = ${position.units} and price_nanos = ${position.nanos}
      and sequence ${sql.raw(isAscending ? ">" : "<")} ${position.sequence}
    order by sequence ${sql.raw(isAscending ? "asc" : "desc")}
    limit ${limit}`.execute(tables);
  return rows;
}

async function pricedBeyond(tables: Kysely<Tables>, step: PriceStep): Promise<PricePosition[]> {
  const { range, position, isAscending, limit } = step;
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
