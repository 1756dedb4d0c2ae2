import type { Product } from "../../../gen/bourse/product/v1/product_pb.ts";

/**
 * The products of the catalogue in the order of their creation, and the deleted ones.
 *
 * A product is returned byte for byte as it was stored. A write is durable when its promise resolves. Callers pass ids
 * in lower case. A product with a `delete_time` is deleted: `get` returns it and its id stays taken, but it is neither
 * counted nor listed.
 */
export interface ProductStore {
  /** Adds a product. Throws an AlreadyExistsError if the id is taken, even by a concurrent call. */
  create(product: Product): Promise<void>;

  /**
   * Adds products in their order if the store never had one. Resolves to the number of added products: all or 0.
   *
   * Throws an AlreadyExistsError and adds nothing if two of them have the same id.
   */
  seed(products: readonly Product[]): Promise<number>;

  /** Resolves to a product, deleted or not, or to undefined if there is none. */
  get(id: string): Promise<Product | undefined>;

  /**
   * Replaces a product by the result of `change`. Changes of one product run one after another, each on the result of
   * the previous one. Resolves to the new product, or to undefined if there is none with this id.
   *
   * @param change returns its argument if there is nothing to change; if it throws, nothing changes and the promise
   *   rejects with the same error
   */
  update(id: string, change: (current: Product) => Product): Promise<Product | undefined>;

  /** Resolves to the number of products. */
  count(): Promise<number>;

  /** Opens a snapshot of all products. */
  openSnapshot(): Promise<ProductSnapshot>;
}

/** All products at one moment. Can be read several times. The owner disposes of it, which frees past revisions. */
export interface ProductSnapshot extends AsyncDisposable {
  /** The number of products. */
  readonly total: number;

  /**
   * Yields the products in the order of their creation, in pages of 1 to 100. Lets other queries and the event loop run
   * between two pages; their changes do not affect the snapshot. Throws the reason of `signal` before the next page
   * after it aborts.
   */
  pages(signal?: AbortSignal): AsyncIterable<readonly Product[]>;
}
