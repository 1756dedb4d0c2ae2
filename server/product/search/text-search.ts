import type { Kysely } from "kysely";
import type { Tables } from "../../storage/tables.ts";

/** The texts by which a product is found. */
export interface ProductTexts {
  readonly name: string;
  /** Its brand, and the makers and names of its parts. */
  readonly maker: string;
  readonly description: string;
}

/**
 * How relevant a match is, the most relevant first: the name begins with the words as they stand; the name has all of
 * them whole; the name has all, some only in part; brand and processor are needed as well; so is the description. It
 * depends on nothing but the product and the words, so that it stays what it is while other products come and go.
 */
export const relevances = [1, 0.8, 0.6, 0.4, 0.2] as const;
export type Relevance = (typeof relevances)[number];

/** A part of all matches, by their sequence numbers. */
export interface MatchRange {
  /** Only matches of this relevance. Absent: all. */
  readonly relevance?: Relevance;
  /** The lowest that is wanted. */
  readonly from: bigint;
  /** The highest that is wanted. */
  readonly to: bigint;
  /** Begin with the highest. */
  readonly descending?: boolean;
  /** How many at most. */
  readonly limit: number;
}

/**
 * Finds words in the texts of products, which go by their sequence numbers.
 *
 * A product matches that has all words, each as a word or as the beginning of one, in whatever case and accents.
 */
export interface TextSearch {
  /** Takes a product in, or its new texts. Done when the transaction is that it is given. */
  put(transaction: Kysely<Tables>, sequence: bigint, texts: ProductTexts): Promise<void>;

  /** Forgets a product; it may be one that was never taken in. */
  remove(transaction: Kysely<Tables>, sequence: bigint): Promise<void>;

  /** Resolves to matches in the order of their numbers: nothing for no words. Takes milliseconds, not more. */
  find(words: readonly string[], range: MatchRange): Promise<bigint[]>;
}
