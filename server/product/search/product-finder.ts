import type { Product } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductCriteria } from "./product-criteria.ts";
import type { Relevance } from "./text-index.ts";

/** A position in the results of a search. The finder keeps no state between two calls. */
export interface SearchPosition {
  /** The highest product sequence when the search began. Products with a higher one are not found. */
  readonly maxSequence: bigint;
  /** The relevance of the last found product, in a search by relevance. */
  readonly relevance?: Relevance;
  /** The price of the last found product, in a search by price: whole units and billionths. */
  readonly units?: bigint;
  readonly nanos?: bigint;
  /** The sequence of the last found product. Sequences are the order of creation. */
  readonly sequence: bigint;
}

export interface FoundProduct {
  readonly product: Product;
  /** Only in a search by relevance. */
  readonly relevance?: Relevance;
  /** The position after this product: pass it to resume the search. */
  readonly position: SearchPosition;
}

/** Searches products. */
export interface ProductFinder {
  /**
   * Yields the products that meet all criteria, in their order, in pages of 1 to 100 products.
   *
   * The search runs in steps of some milliseconds and lets other queries and the event loop run between them. A product
   * that changes during the search is judged by its revision at its step; products created meanwhile are not found.
   *
   * Throws the reason of `signal` before the next step after it aborts.
   *
   * @param after the position to resume after; absent: the search begins at the first product
   */
  find(criteria: ProductCriteria, after?: SearchPosition, signal?: AbortSignal): AsyncIterable<readonly FoundProduct[]>;
}
