import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Product, ProductRating } from "../../gen/bourse/product/v1/product_pb.ts";
import type { RateProductsResponse } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { CatalogueReadLimitError, NotFoundError } from "../domain-errors.ts";
import { changedProduct, deletedProduct } from "./changed-product.ts";
import { newProduct } from "./new-product.ts";
import type { FoundProduct, ProductFinder, SearchPlace } from "./product-finder.ts";
import { checkProductRules } from "./product-rules.ts";
import type { ProductSelection } from "./product-selection.ts";
import type { ProductListing, ProductStore } from "./product-store.ts";
import { type GivenScore, type RefusedScore, rateProduct, rateProducts, ratingOf } from "./rate-products.ts";
import type { RatingStore } from "./rating-store.ts";

/** What the catalogue is made of. */
export interface CatalogueOptions {
  readonly store: ProductStore;
  readonly finder: ProductFinder;
  readonly ratings: RatingStore;
  /** The time of what happens now. */
  readonly now: () => Timestamp;
  /** A new UUID. */
  readonly newId: () => string;
}

/**
 * The most lists and searches under way. A list holds a state of each product that changes meanwhile, on the disk; a
 * search by words in the order of prices a bit for each product.
 */
export const maxCatalogueReads = 1_000;

/**
 * What can be done with products, whoever asks for it. Ids may be in upper case. What a method changed is on the disk
 * once its promise is fulfilled.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  #reads = 0;

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /**
   * Adds a product, with an id of its own where the draft has none. Throws an AlreadyExistsError where the id is taken,
   * and a BrokenRulesError where the draft breaks the rules in the protos.
   */
  async create(draft: Product): Promise<Product> {
    const { store, newId, now } = this.#options;
    const product = newProduct(draft, { id: draft.id || newId(), now: now() });
    checkProductRules(product);
    await store.create(product);
    return product;
  }

  /** The product with an id; throws a NotFoundError where there is none, or it was deleted and those are not asked for. */
  async get(id: string, { showDeleted = false } = {}): Promise<Product> {
    const product = await this.#options.store.get(id.toLowerCase());
    if (product === undefined || (product.deleteTime !== undefined && !showDeleted)) {
      throw new NotFoundError("product", id.toLowerCase());
    }
    return product;
  }

  /** Changes a product as {@link changedProduct} says, and throws what that does. */
  update(patch: Product, paths: readonly string[]): Promise<Product> {
    const now = this.#options.now();
    return this.#change(patch.id, (current) => changedProduct(current, { patch, paths }, now));
  }

  /** Deletes a product. Throws a NotFoundError where it was deleted before, and a StaleEtagError for another etag. */
  delete(id: string, etag = ""): Promise<Product> {
    const now = this.#options.now();
    return this.#change(id, (current) => deletedProduct(current, etag, now));
  }

  /** All products as they are now, to be disposed of. Throws a CatalogueReadLimitError where too many are read already. */
  async list(): Promise<ProductListing> {
    await using opened = new AsyncDisposableStack();
    opened.use(this.#takeRead());
    const listing = opened.use(await this.#options.store.list());
    const resources = opened.move();
    return {
      total: listing.total,
      pages: (signal) => listing.pages(signal),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }

  /** Searches as {@link ProductFinder.find} says. Throws a CatalogueReadLimitError where too many are read already. */
  async *search(
    selection: ProductSelection,
    after?: SearchPlace,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly FoundProduct[]> {
    using _ = this.#takeRead();
    yield* this.#options.finder.find(selection, after, signal);
  }

  /** Counts one score, or says why not. */
  rate(score: GivenScore): Promise<ProductRating | RefusedScore> {
    return rateProduct(this.#options.ratings, score);
  }

  /** Counts scores as they come, as {@link rateProducts} says. */
  rateAll(scores: AsyncIterable<GivenScore>): AsyncIterable<readonly RateProductsResponse[]> {
    return rateProducts(this.#options.ratings, scores);
  }

  /** What the ratings of a product are by now. */
  async ratingOf(id: string): Promise<ProductRating> {
    return ratingOf(await this.#options.ratings.get(id.toLowerCase()));
  }

  #takeRead(): Disposable {
    if (this.#reads >= maxCatalogueReads) throw new CatalogueReadLimitError(maxCatalogueReads);
    this.#reads++;
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (!isOver) this.#reads--;
        isOver = true;
      },
    };
  }

  async #change(id: string, change: (current: Product) => Product): Promise<Product> {
    const changed = await this.#options.store.update(id.toLowerCase(), change);
    if (changed === undefined) throw new NotFoundError("product", id.toLowerCase());
    return changed;
  }
}
