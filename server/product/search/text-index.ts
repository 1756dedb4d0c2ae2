import type { Kysely } from "kysely";
import type { ProductTables } from "../store/product-tables.ts";

/** The indexed texts of a product. */
export interface ProductTexts {
  readonly name: string;
  /** The brand, and the makers and names of the parts. */
  readonly maker: string;
  readonly description: string;
}

/**
 * The degrees of relevance, highest first:
 *
 * - 1: the name begins with the terms, in their order; the last one can be a prefix
 * - 0.8: the name has all terms, each as a whole word
 * - 0.6: the name has all terms, some as prefixes
 * - 0.4: name and maker together have all terms
 * - 0.2: name, maker and description together have all terms
 *
 * The relevance depends only on the product and the terms, so it does not change when other products do.
 */
export const relevances = [1, 0.8, 0.6, 0.4, 0.2] as const;
export type Relevance = (typeof relevances)[number];

/** A range of the matches, by product sequence. */
export interface MatchRange {
  /** Only matches of this relevance. Absent: all. */
  readonly relevance?: Relevance;
  /** The lowest sequence, inclusive. */
  readonly from: bigint;
  /** The highest sequence, inclusive. */
  readonly to: bigint;
  /** Returns the highest sequences first. Default: the lowest first. */
  readonly descending?: boolean;
  /** The maximum number of matches to return. */
  readonly limit: number;
}

/**
 * A full-text index of products, which are identified by their sequence.
 *
 * A product matches if it has every term as a word or as the prefix of a word. Case and accents are ignored.
 */
export interface TextIndex {
  /** Adds a product or replaces its texts, as part of a transaction. */
  put(transaction: Kysely<ProductTables>, sequence: bigint, texts: ProductTexts): Promise<void>;

  /** Removes a product, as part of a transaction. Does nothing if it is not indexed. */
  remove(transaction: Kysely<ProductTables>, sequence: bigint): Promise<void>;

  /** Resolves to the matching sequences in order; none if there are no terms. Takes some milliseconds. */
  find(terms: readonly string[], range: MatchRange): Promise<bigint[]>;
}
