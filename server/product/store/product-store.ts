import type { Product } from "../../../gen/bourse/product/v1/product_pb.ts";

/**
 * The products that are sold, in the order of their creation, and those that were.
 *
 * A product comes back byte for byte as it went in. What a method wrote survives a crash once its promise is
 * fulfilled. Ids are compared as they are: callers give them in lower case. A product is deleted once it has a
 * `delete_time`: it keeps its id, and is got, but it neither counts nor is listed.
 */
export interface ProductStore {
  /** Adds a product. Of several with the same id exactly one is added; the others get an AlreadyExistsError. */
  create(product: Product): Promise<void>;

  /**
   * Adds products in their order where there never was one: all, or none. Resolves to how many were added.
   *
   * Throws an AlreadyExistsError, and adds none, where two of them have the same id.
   */
  seed(products: readonly Product[]): Promise<number>;

  /** The product with an id, deleted or not; undefined where there never was one. */
  get(id: string): Promise<Product | undefined>;

  /**
   * Puts what `change` makes of a product in its place. Changes of one product happen one after the other, each on what
   * the one before left. Resolves to the product as it is then, and to undefined where there never was one.
   *
   * @param change gives the product itself where there is nothing to change; where it throws, nothing changes and the
   *   promise is rejected with that
   */
  update(id: string, change: (current: Product) => Product): Promise<Product | undefined>;

  /** How many products there are. */
  count(): Promise<number>;

  /** All products that there are now, as they are now, however long they are read. */
  list(): Promise<ProductListing>;
}

/** The products that there were at a moment. May be read several times, until it is disposed of. */
export interface ProductListing extends AsyncDisposable {
  /** How many they are. */
  readonly total: number;

  /**
   * Yields the products in the order of their creation, 1 to 100 at a time. Between two parts the store and the event
   * loop are free for others, who may change and delete products: here they stay. Throws the reason of `signal` before
   * the next part when it aborts.
   */
  pages(signal?: AbortSignal): AsyncIterable<readonly Product[]>;
}
