import type { Product } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductSelection } from "./product-selection.ts";
import type { Relevance } from "./text-search.ts";

/** A place in a search, of which nothing is kept between two calls. */
export interface SearchPlace {
  /** The last product that there was when the search began: none after it is found. */
  readonly last: bigint;
  /** In a search by relevance, how relevant the product is that was found last. */
  readonly relevance?: Relevance;
  /** In a search by price, what the product cost that was found last. */
  readonly units?: bigint;
  readonly nanos?: bigint;
  /** The product that was found last, by the order of creation. */
  readonly sequence: bigint;
}

/** A product, and the place behind it. */
export interface FoundProduct {
  readonly product: Product;
  /** In a search by relevance. */
  readonly relevance?: Relevance;
  readonly place: SearchPlace;
}

/** Searches products. */
export interface ProductFinder {
  /**
   * Yields what has all that is asked for, in its order, 1 to 100 products at a time, as soon as they are found. Between
   * two parts, and between two steps of the search, of some milliseconds each, the store and the event loop are free for
   * others. What they change meanwhile is found, or not, as it is at its turn; what they create is not.
   *
   * Throws the reason of `signal` before the next step when it aborts.
   *
   * @param after where to go on; absent: from the first
   */
  find(selection: ProductSelection, after?: SearchPlace, signal?: AbortSignal): AsyncIterable<readonly FoundProduct[]>;
}
