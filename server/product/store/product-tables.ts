import type { Generated, GeneratedAlways } from "kysely";

/** The tables of the catalogue as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface ProductTables {
  product: ProductTable;
  product_past: ProductPastTable;
  product_rating: ProductRatingTable;
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
  /** The number of its last change among all changes of products; 0 where it is as it was created. */
  revision: Generated<bigint>;
  /** 1 where it was deleted, else 0. */
  deleted: Generated<bigint>;
  /** A laptop's brand, folded for comparison. This and what follows is null where it is not known. */
  brand: string | null;
  core_count: bigint | null;
  /** The base clock. */
  min_ghz: number | null;
  /** The main memory in bits: 27 hexadecimal digits, which compare as the numbers do and hold any that can be told. */
  ram_bits: string | null;
}

/** A state that a product had, kept while a listing needs it. */
export interface ProductPastTable {
  /** The change that ended it. */
  until_revision: bigint;
  /** The change that began it; 0 where it was the first. */
  from_revision: bigint;
  /** The product's. */
  sequence: bigint;
  body: Uint8Array;
}

/** The ratings of a product that has any. */
interface ProductRatingTable {
  /** The product's. */
  sequence: bigint;
  count: bigint;
  /** The sum of all scores, in millionths. */
  sum_millionths: bigint;
}
