import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Product, ProductRating } from "../../gen/bourse/product/v1/product_pb.ts";
import type { RateProductsResponse } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { NotFoundError } from "../shared/api-resource-errors.ts";
import { type Peer, SharedLimit } from "../transport/protection/shared-limit.ts";
import { createProduct, deleteProduct, updateProduct } from "./create-product-revision.ts";
import { averageRating, type Refusal, rateProduct, rateProducts, type Score } from "./rating/rate-products.ts";
import type { RatingStore } from "./rating/rating-store.ts";
import type { ProductCriteria } from "./search/product-criteria.ts";
import type { FoundProduct, ProductFinder, SearchPosition } from "./search/product-finder.ts";
import type { ProductSnapshot, ProductStore } from "./store/product-store.ts";
import { validateProduct } from "./validate-product.ts";

export interface CatalogueOptions {
  readonly store: ProductStore;
  readonly finder: ProductFinder;
  readonly ratings: RatingStore;
  /** Returns the time of a change. */
  readonly now: () => Timestamp;
  /** Returns a new UUID. */
  readonly newId: () => string;
  /** Default: {@link catalogueReadLimit}, which one client may use up. */
  readonly readLimit?: SharedLimit | undefined;
  /** The limit on concurrent writes to the database. Default: only the database's own. */
  readonly writeLimit?: SharedLimit | undefined;
}

/**
 * The maximum number of concurrent lists and searches. A list keeps one past revision on disk for each product that
 * changes meanwhile; a search for terms that sorts by price holds one bit for each product in memory.
 */
export const maxCatalogueReads = 1_000;

/** The limit on concurrent lists and searches, which clients share. */
export const catalogueReadLimit = {
  name: "maxCatalogueReads",
  counted: "concurrent lists and searches",
  max: maxCatalogueReads,
};

/**
 * All operations on products. Ids can be in upper or lower case. A write is durable when its promise resolves.
 *
 * `peer` is the client whose share of a limit the call uses. Methods with a `peer` throw a LimitError if the limit or
 * the share is used up.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #readLimit: SharedLimit;

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#readLimit = options.readLimit ?? new SharedLimit(catalogueReadLimit);
  }

  /**
   * Adds a product, with a new id if the draft has none. Throws an AlreadyExistsError if the id is taken, and a
   * BrokenRulesError if the draft violates the rules in the protos.
   */
  async create(draft: Product, peer?: Peer): Promise<Product> {
    using _ = this.#options.writeLimit?.acquire(peer);
    const { store, newId, now } = this.#options;
    const product = createProduct(draft, { id: draft.id || newId(), now: now() });
    validateProduct(product);
    await store.create(product);
    return product;
  }

  /** Resolves to a product. Throws a NotFoundError if there is none, or if it is deleted and `showDeleted` is not set. */
  async get(id: string, { showDeleted = false } = {}): Promise<Product> {
    const product = await this.#options.store.get(id.toLowerCase());
    if (product === undefined) throw new NotFoundError("product", id.toLowerCase(), "check the id");
    if (product.deleteTime !== undefined && !showDeleted) {
      throw new NotFoundError("product", product.id, "it was deleted; to get it, set show_deleted");
    }
    return product;
  }

  /** Updates a product and resolves to its new revision. Throws the errors of {@link updateProduct}. */
  update(patch: Product, paths: readonly string[], peer?: Peer): Promise<Product> {
    const now = this.#options.now();
    return this.#change(patch.id, peer, (current) => updateProduct(current, { patch, paths }, now));
  }

  /** Deletes a product and resolves to its last revision. Throws the errors of {@link deleteProduct}. */
  delete(id: string, etag = "", peer?: Peer): Promise<Product> {
    const now = this.#options.now();
    return this.#change(id, peer, (current) => deleteProduct(current, etag, now));
  }

  /** Opens a snapshot of all products. The caller disposes of it. */
  async list(peer?: Peer): Promise<ProductSnapshot> {
    await using opened = new AsyncDisposableStack();
    opened.use(this.#readLimit.acquire(peer));
    const snapshot = opened.use(await this.#options.store.openSnapshot());
    const resources = opened.move();
    return {
      total: snapshot.total,
      pages: (signal) => snapshot.pages(signal),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }

  /** Yields the products that meet the criteria, as {@link ProductFinder.find} does. */
  async *search(
    criteria: ProductCriteria,
    {
      peer,
      after,
      signal,
    }: { readonly peer?: Peer; readonly after?: SearchPosition; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly FoundProduct[]> {
    using _ = this.#readLimit.acquire(peer);
    yield* this.#options.finder.find(criteria, after, signal);
  }

  /** Stores one score and resolves to the new rating, or to the reason why the score is refused. */
  rate(score: Score): Promise<ProductRating | Refusal> {
    return rateProduct(this.#options.ratings, score);
  }

  /** Stores a stream of scores and yields the results, as {@link rateProducts} does. */
  rateAll(scores: AsyncIterable<Score>): AsyncIterable<readonly RateProductsResponse[]> {
    return rateProducts(this.#options.ratings, scores);
  }

  /** Resolves to the rating of a product: zero scores if it has none or does not exist. */
  async ratingOf(id: string): Promise<ProductRating> {
    return averageRating(await this.#options.ratings.get(id.toLowerCase()));
  }

  async #change(id: string, peer: Peer, change: (current: Product) => Product): Promise<Product> {
    using _ = this.#options.writeLimit?.acquire(peer);
    const changed = await this.#options.store.update(id.toLowerCase(), change);
    if (changed === undefined) throw new NotFoundError("product", id.toLowerCase(), "check the id");
    return changed;
  }
}
