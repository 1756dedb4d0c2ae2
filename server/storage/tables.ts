import type { GeneratedAlways } from "kysely";

/** The tables of the database as of the newest migration. Every integer is read as a bigint: none is ever rounded. */
export interface Tables {
  product: ProductTable;
}

/** A product a row. */
export interface ProductTable {
  /** The order of creation. Never reused. */
  sequence: GeneratedAlways<bigint>;
  /** A UUID in lower case. */
  id: string;
  name: string;
  /** ISO 4217; null with the other two where no price is known. */
  price_currency: string | null;
  price_units: bigint | null;
  /** Billionths of a unit. */
  price_nanos: bigint | null;
  /** The whole product as a protobuf message: what the other columns repeat is for queries only. */
  body: Uint8Array;
}
