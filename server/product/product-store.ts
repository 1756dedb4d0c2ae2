import type { Product } from "../../gen/bourse/product/v1/product_pb.ts";

/**
 * The products that are sold, in the order of their creation.
 *
 * A product comes back byte for byte as it went in. What a method wrote survives a crash once its promise is
 * fulfilled. Ids are compared as they are: callers give them in lower case.
 */
export interface ProductStore {
  /** Adds a product. Of several with the same id exactly one is added; the others get an AlreadyExistsError. */
  create(product: Product): Promise<void>;

  /**
   * Adds products in their order where there is none yet: all, or none. Resolves to how many were added.
   *
   * Throws an AlreadyExistsError, and adds none, where two of them have the same id.
   */
  seed(products: readonly Product[]): Promise<number>;

  /** The product with an id; undefined where there is none. */
  get(id: string): Promise<Product | undefined>;

  /** How many products there are. */
  count(): Promise<number>;

  /** All products that there are now. What is created later is not among them, however long they are read. */
  list(): Promise<ProductListing>;
}

/** The products that there were at a moment. Holds nothing open: it need not be read, and may be read several times. */
export interface ProductListing {
  /** How many they are. */
  readonly total: number;

  /**
   * Yields the products in the order of their creation, 1 to 100 at a time. Between two parts the store and the event
   * loop are free for others. Throws the reason of `signal` before the next part when it aborts.
   */
  pages(signal?: AbortSignal): AsyncIterable<readonly Product[]>;
}
