import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Product, ProductRating } from "../../gen/bourse/product/v1/product_pb.ts";
import type { RateProductsResponse } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { NotFoundError } from "../shared/resource-errors.ts";
import { type Peer, SharedLimit } from "../transport/protection/shared-limit.ts";
import { changedProduct, deletedProduct } from "./changed-product.ts";
import { newProduct } from "./new-product.ts";
import { checkProductRules } from "./product-rules.ts";
import { type GivenScore, type RefusedScore, rateProduct, rateProducts, ratingOf } from "./rating/rate-products.ts";
import type { RatingStore } from "./rating/rating-store.ts";
import type { FoundProduct, ProductFinder, SearchPlace } from "./search/product-finder.ts";
import type { ProductSelection } from "./search/product-selection.ts";
import type { ProductListing, ProductStore } from "./store/product-store.ts";

/** What the catalogue is made of. */
export interface CatalogueOptions {
  readonly store: ProductStore;
  readonly finder: ProductFinder;
  readonly ratings: RatingStore;
  /** The time of what happens now. */
  readonly now: () => Timestamp;
  /** A new UUID. */
  readonly newId: () => string;
  /** Default: {@link catalogueReadLimit}, all of which one client may use. */
  readonly readLimit?: SharedLimit | undefined;
  /** The limit on writes that wait for the database. Default: none but the database's own. */
  readonly writeLimit?: SharedLimit | undefined;
}

/**
 * The most lists and searches under way. A list holds a state of each product that changes meanwhile, on the disk; a
 * search by words in the order of prices a bit for each product.
 */
export const maxCatalogueReads = 1_000;

/** The limit on lists and searches, as clients share it. */
export const catalogueReadLimit = {
  name: "maxCatalogueReads",
  counted: "concurrent lists and searches",
  max: maxCatalogueReads,
};

/**
 * What can be done with products, whoever asks for it. Ids may be in upper case. What a method changed is on the disk
 * once its promise is fulfilled. Who is a `peer` is the client that asks, by whose share it counts; a LimitError is
 * thrown beyond that.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #readLimit: SharedLimit;

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#readLimit = options.readLimit ?? new SharedLimit(catalogueReadLimit);
  }

  /**
   * Adds a product, with an id of its own where the draft has none. Throws an AlreadyExistsError where the id is taken,
   * and a BrokenRulesError where the draft breaks the rules in the protos.
   */
  async create(draft: Product, peer?: Peer): Promise<Product> {
    using _ = this.#options.writeLimit?.acquire(peer);
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
  update(patch: Product, paths: readonly string[], peer?: Peer): Promise<Product> {
    const now = this.#options.now();
    return this.#change(patch.id, peer, (current) => changedProduct(current, { patch, paths }, now));
  }

  /** Deletes a product. Throws a NotFoundError where it was deleted before, and a StaleEtagError for another etag. */
  delete(id: string, etag = "", peer?: Peer): Promise<Product> {
    const now = this.#options.now();
    return this.#change(id, peer, (current) => deletedProduct(current, etag, now));
  }

  /** All products as they are now, for a client; to be disposed of. Throws a LimitError if too many are read already. */
  async list(peer?: Peer): Promise<ProductListing> {
    await using opened = new AsyncDisposableStack();
    opened.use(this.#readLimit.acquire(peer));
    const listing = opened.use(await this.#options.store.list());
    const resources = opened.move();
    return {
      total: listing.total,
      pages: (signal) => listing.pages(signal),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }

  /** Searches for a client as {@link ProductFinder.find} says. Throws a LimitError if too many are read already. */
  async *search(
    selection: ProductSelection,
    { peer, after, signal }: { readonly peer?: Peer; readonly after?: SearchPlace; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly FoundProduct[]> {
    using _ = this.#readLimit.acquire(peer);
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

  async #change(id: string, peer: Peer, change: (current: Product) => Product): Promise<Product> {
    using _ = this.#options.writeLimit?.acquire(peer);
    const changed = await this.#options.store.update(id.toLowerCase(), change);
    if (changed === undefined) throw new NotFoundError("product", id.toLowerCase());
    return changed;
  }
}
