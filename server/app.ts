import type { Logger } from "pino";
import { systemClock } from "../client/shared/micro-time.ts";
import { systemTimers } from "../client/shared/timers.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/health/v1/health_pb.ts";
import { classicServices } from "./classic/classic-routes.ts";
import { openClassic } from "./classic/open-classic-family.ts";
import type { Config } from "./config/config.ts";
import { openDatabaseAndTokens } from "./open-database-and-tokens.ts";
import { openOrders } from "./order/open-order-family.ts";
import { type OrderTables, orderMigrations } from "./order/store/order-tables.ts";
import { openProducts } from "./product/open-product-family.ts";
import { productService } from "./product/product-service.ts";
import { type ProductTables, productMigrations } from "./product/store/product-tables.ts";
import { type CandleTables, candleMigrations } from "./quote/candle/candle-tables.ts";
import { openQuotes } from "./quote/open-quote-family.ts";
import { reportStoreHealth } from "./report-store-health.ts";
import { bourseServices, registerRoutes, storingServices } from "./routes.ts";
import { startListening } from "./start-listening.ts";
import { watchDataDirectory } from "./storage/data-directory-watch.ts";
import { writeLimit } from "./storage/sqlite/kysely-thread-dialect.ts";
import { type LimitDefinition, type SharedLimit, SharedLimits } from "./transport/protection/shared-limit.ts";
import { Health } from "./transport/services/health-service.ts";
import { openUploads } from "./upload/open-upload-family.ts";
import { type UploadTables, uploadMigrations } from "./upload/store/upload-tables.ts";

// biome-ignore format: one entry on each line
type Tables =
  & ProductTables
  & CandleTables
  & OrderTables
  & UploadTables;

// biome-ignore format: one entry on each line
const migrations = [
  productMigrations,
  candleMigrations,
  orderMigrations,
  uploadMigrations,
];

/** A running server. */
export interface App {
  /** For example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The number of open quote streams. */
  readonly watcherCount: number;
  /** The limits that clients share, with the use of each client. */
  readonly sharedLimits: readonly SharedLimit[];
  /** Shuts down within the configured grace period. Resolves to false if it closed calls. */
  close(): Promise<boolean>;
}

/**
 * Composes and starts the server. If the data directory, the feed, the TLS files or the address cannot be used, rejects
 * with an error that states what to do, and closes everything that it has opened.
 */
export async function createApp(config: Config, log: Logger): Promise<App> {
  await using opened = new AsyncDisposableStack();
  const [now, timers] = [systemClock(), systemTimers];
  const shared = new SharedLimits({ peerShare: config.limits.peerShare, values: config.sharedLimits });
  const limit = (definition: LimitDefinition) => shared.limit(definition);

  const { data: directory, maxStoreBytes: maxBytes } = config;
  const { database, tokens } = opened.use(
    await openDatabaseAndTokens<Tables>({ directory, maxBytes, migrations, log }),
  );
  const services = [...bourseServices, ...(config.classic ? classicServices : [])];
  const health = new Health(services.map(({ typeName }) => typeName));
  reportStoreHealth({ store: database.health, health, storingServices, log });

  const common = { database, now, timers, limit, writeLimit: limit(writeLimit), log };
  const products = await openProducts({ ...common, demo: config.demo });
  const orders = openOrders({ ...common, tokens, demoOrders: config.demo ? config.demoOrders : 0 });
  const quotes = opened.use(
    await openQuotes({
      ...common,
      settings: config,
      onFeedFailure: () => health.set(QuoteService.typeName, Status.NOT_SERVING),
    }),
  );
  const uploads = opened.use(
    await openUploads({
      ...common,
      dataDirectory: directory,
      settings: config.uploads,
      maxIdleMs: config.limits.messageIdleTimeoutMs,
      productExists: products.productExists,
      nowMicros: now,
    }),
  );
  opened.use(watchDataDirectory({ directory, folders: uploads.folders, health: database.health, timers }));

  const { catalogue } = products;
  const classic =
    config.classic && openClassic({ ...common, settings: config.classic, catalogue, orders, quotes, uploads });
  const routes = {
    product: productService({ catalogue, images: uploads.productImages, tokens }),
    order: orders.service,
    quote: quotes.service,
    upload: uploads.service,
    classic,
    health,
  };
  shared.checkNames();
  const server = await startListening({
    config,
    log,
    services,
    routes: (router) => registerRoutes(router, routes),
    toDomainError: database.toDomainError,
    serveUpload: uploads.serve,
  });
  quotes.startFeeds();
  orders.startDemo();

  const resources = opened.move();
  return {
    url: server.url,
    get watcherCount() {
      return quotes.hub.subscriberCount;
    },
    sharedLimits: [...server.sharedLimits, ...shared.all],
    async close() {
      health.shutDown();
      await Promise.all([quotes.stopFeeds(), orders.stopDemo()]);
      const clean = await server.close(config.graceMs);
      await resources.disposeAsync();
      return clean;
    },
  };
}
