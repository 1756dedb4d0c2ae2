import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { type MicroClock, toTimestamp } from "../../client/shared/micro-time.ts";
import { type LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { Catalogue, catalogueReadLimit } from "./catalogue.ts";
import { seedDemoCatalogue } from "./demo/demo-catalogue.ts";
import { SqliteRatingStore } from "./rating/sqlite-rating-store.ts";
import { SqliteProductFinder } from "./search/sqlite-product-finder.ts";
import { SqliteTextIndex } from "./search/sqlite-text-index.ts";
import { type ProductDatabase, SqliteProductStore } from "./store/sqlite-product-store.ts";

/** The dependencies and settings of {@link openProducts}. */
export interface OpenProductsOptions {
  /** Long reads (lists, searches) use `queries`, lookups use `reader`, and writes use `tables`. */
  readonly database: ProductDatabase;
  readonly now: MicroClock;
  /** Returns a new UUID. Default: a random one. */
  readonly newId?: () => string;
  /** Fills a store that never had a product with the demo catalogue. */
  readonly demo: boolean;
  /** Creates the limits that clients share. Default: limits that one client may use up. */
  readonly limit?: (definition: LimitDefinition) => SharedLimit;
  /** The limit on calls that write to the database. Default: only the database's own. */
  readonly writeLimit?: SharedLimit;
  readonly log?: Logger;
}

/** The opened product family. */
export interface OpenProducts {
  readonly catalogue: Catalogue;
  /** Resolves to whether there is a product with this id, deleted or not. */
  productExists(id: string): Promise<boolean>;
}

/** Opens the catalogue on the embedded database, and seeds it if `demo` is set. The caller closes the database. */
export async function openProducts(options: OpenProductsOptions): Promise<OpenProducts> {
  const { database, now, newId = randomUUID, writeLimit, log } = options;
  const limit = options.limit ?? ((definition) => new SharedLimit(definition));
  const textIndex = new SqliteTextIndex(database.queries);
  const store = new SqliteProductStore(database, textIndex);
  const catalogue = new Catalogue({
    store,
    finder: new SqliteProductFinder(database.queries, textIndex),
    ratings: new SqliteRatingStore(database),
    now: () => toTimestamp(now()),
    newId,
    readLimit: limit(catalogueReadLimit),
    writeLimit,
  });
  if (options.demo) {
    const count = await seedDemoCatalogue(store, toTimestamp(now()));
    if (count > 0) log?.info({ products: count }, "filled the empty catalogue with demonstration products");
  }
  return { catalogue, productExists: async (id) => (await store.get(id)) !== undefined };
}
