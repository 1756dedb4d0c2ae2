import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createFileRegistry, type DescFile, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Logger } from "pino";
import { systemClock } from "../client/shared/micro-time.ts";
import { systemTimers } from "../client/shared/timers.ts";
import { OrderService } from "../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../gen/bourse/upload/v1/upload_service_pb.ts";
import { LaptopService } from "../gen/classic/pcbook/laptop_service_pb.ts";
import { StreamService } from "../gen/classic/proto/stream_service_pb.ts";
import { HealthCheckResponse_ServingStatus as Status } from "../gen/health/v1/health_pb.ts";
import { classicServices, isClassic } from "./classic/classic-routes.ts";
import { createMessageDelay } from "./classic/message-delay.ts";
import type { Config } from "./config/config.ts";
import { logRepeatedProblem } from "./logging/repeated-problem.ts";
import { fillOrderBook } from "./order/demo/fill-order-book.ts";
import { exportLimit, orderService } from "./order/order-service.ts";
import { orderMigrations } from "./order/store/order-migrations.ts";
import type { OrderTables } from "./order/store/order-tables.ts";
import { SqliteOrderStore } from "./order/store/sqlite-order-store.ts";
import { OrderIntake, waitingOrderLimit } from "./order/submit/order-intake.ts";
import { openProducts } from "./product/open-products.ts";
import { productService } from "./product/product-service.ts";
import { productMigrations } from "./product/store/product-migrations.ts";
import type { ProductTables } from "./product/store/product-tables.ts";
import { candleMigrations } from "./quote/candle/candle-migrations.ts";
import type { CandleTables } from "./quote/candle/candle-tables.ts";
import { SqliteCandleStore } from "./quote/candle/sqlite-candle-store.ts";
import { openQuotes } from "./quote/open-quotes.ts";
import { quoteService } from "./quote/quote-service.ts";
import { messageLimitsOf } from "./request-limits.ts";
import { bourseServices, registerRoutes } from "./routes.ts";
import { toConnectError } from "./shared/connect-error.ts";
import { classicNames, metadataNames } from "./shared/metadata-names.ts";
import { ResumeTokens, resumeKeyBytes } from "./shared/resume-token.ts";
import { createValidation } from "./shared/validation.ts";
import { watchDataDirectory } from "./storage/data-directory-watch.ts";
import { isShared } from "./storage/private-files.ts";
import { openDatabase } from "./storage/sqlite/database.ts";
import { type ServerSecretTables, serverSecret } from "./storage/sqlite/server-secret.ts";
import { writeLimit } from "./storage/sqlite/thread-dialect.ts";
import { type SharedLimit, SharedLimits } from "./transport/protection/shared-limit.ts";
import { logCalls } from "./transport/rpc/call-record.ts";
import { Health, wholeServer } from "./transport/services/health.ts";
import { createStaticFiles } from "./transport/static-files.ts";
import { startTransportServer } from "./transport/transport-server.ts";
import { openUploads } from "./upload/open-uploads.ts";
import { uploadMigrations } from "./upload/store/upload-migrations.ts";
import type { UploadTables } from "./upload/store/upload-tables.ts";

/** The tables of all families. */
type Tables = ProductTables & CandleTables & OrderTables & UploadTables & ServerSecretTables;

const migrations = [productMigrations, candleMigrations, orderMigrations, uploadMigrations];

/** A server that is up. */
export interface App {
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How many streams of quotes are open. */
  readonly watcherCount: number;
  /** The limits that clients share, and what each of them uses. */
  readonly sharedLimits: readonly SharedLimit[];
  /** Ends gracefully within the configured grace period. Resolves to whether no call had to be cut off. */
  close(): Promise<boolean>;
}

/**
 * Composes and starts the server. Rejects with an error that says what to do where the data directory, the feed, the
 * TLS files or the address cannot be used; nothing stays open then.
 */
export async function createApp(config: Config, log: Logger): Promise<App> {
  await using opened = new AsyncDisposableStack();
  const clock = systemClock();
  const shared = new SharedLimits({ peerShare: config.limits.peerShare, values: config.sharedLimits });

  const database = opened.use(await openDatabase<Tables>(config.data, { migrations, maxBytes: config.maxStoreBytes }));
  const storeHealth = database.health;
  if (isShared(config.data)) {
    log.warn({ data: config.data }, "other users can list the data directory: chmod 700 keeps them out");
  }
  const writes = shared.limit(writeLimit);
  const { catalogue, productExists, seededCount } = await openProducts({
    database,
    now: clock,
    demo: config.demo,
    limit: (definition) => shared.limit(definition),
    writeLimit: writes,
  });
  if (seededCount > 0) log.info({ products: seededCount }, "filled the empty catalogue with demonstration products");
  const orders = new SqliteOrderStore(database);
  const intake = new OrderIntake(orders, shared.limit(waitingOrderLimit));
  const exports = shared.limit(exportLimit);
  const resumeKey = await serverSecret(database.tables, "resume-tokens", () => randomBytes(resumeKeyBytes));
  const tokens = new ResumeTokens(resumeKey);

  const services = [...bourseServices, ...(config.classic === undefined ? [] : classicServices)];
  const health = new Health(services.map((service) => service.typeName));
  storeHealth.onFailure((error) => {
    log.error({ err: error }, "the store is read-only: check the disk and the data directory, then restart the server");
    for (const service of [wholeServer, ...storingServices]) {
      if (health.has(service)) health.set(service, Status.NOT_SERVING);
    }
  });
  const quotes = opened.use(
    await openQuotes({
      settings: config,
      candleStore: new SqliteCandleStore(database.tables, database.queries),
      epoch: randomBytes(8).readBigUInt64BE(),
      now: clock,
      log,
      limit: (definition) => shared.limit(definition),
      onFeedFailure: () => health.set(QuoteService.typeName, Status.NOT_SERVING),
    }),
  );
  const { hub, candles, publish } = quotes;

  const uploads = opened.use(
    await openUploads({
      dataDirectory: config.data,
      database,
      settings: config.uploads,
      maxIdleMs: config.limits.messageIdleTimeoutMs,
      limit: (definition) => shared.limit(definition),
      writeLimit: writes,
      productExists,
      timers: systemTimers,
      nowMicros: clock,
      log,
    }),
  );
  opened.use(
    watchDataDirectory({
      directory: config.data,
      folders: uploads.folders,
      health: storeHealth,
      timers: systemTimers,
    }),
  );
  const tlsProblem = logRepeatedProblem(log, {
    failed: "the changed TLS files cannot be used: the old ones stay in use",
    over: "the TLS files can be used again",
  });
  const staticFiles = createStaticFiles(pathOf("../dist/web"));

  const server = await startTransportServer({
    host: config.host,
    port: config.port,
    ...(config.tls && { tls: config.tls }),
    onTlsReload: (problem) => {
      if (problem !== undefined) return tlsProblem.report(problem);
      tlsProblem.resolve();
      log.info("reloaded the changed TLS files");
    },
    interceptors: [createValidation(services)],
    mapError: (error) => toConnectError(database.toDomainError(error)),
    routes: (router) =>
      registerRoutes(router, {
        product: productService({ catalogue, images: uploads.productImages, tokens }),
        order: orderService({ store: orders, intake, tokens, exports }),
        quote: quoteService({ hub, candles, publish, newId: randomUUID }),
        upload: uploads.service,
        ...(config.classic && {
          classic: {
            catalogue,
            orders,
            exports,
            hub,
            uploads: uploads.uploads,
            stallMs: uploads.idleTimeoutMs,
            newId: randomUUID,
            messageDelay: createMessageDelay(config.classic.intervalMs, systemTimers),
            maxImageBytes: config.classic.maxImageBytes,
            log,
          },
        }),
        health,
        files: readDescriptors().filter((file) => config.classic !== undefined || !isClassic(file)),
      }),
    onCall: logCalls(log),
    limits: config.limits,
    requestLimits: messageLimitsOf,
    trusted: { hosts: config.allowedHosts, origins: config.corsOrigins },
    ...(config.corsOrigins.length > 0 && {
      cors: { origins: config.corsOrigins, exposedNames: [...Object.values(metadataNames), classicNames.token] },
    }),
    otherwise: (exchange) => {
      if (!uploads.serve(exchange)) staticFiles(exchange);
    },
  });

  quotes.startFeeds();
  const demoEnd = new AbortController();
  const demoMade = config.demo
    ? fillOrderBook({
        store: orders,
        intake,
        count: config.demoOrders,
        log,
        timers: systemTimers,
        signal: demoEnd.signal,
      })
    : undefined;

  const resources = opened.move();
  return {
    url: server.url,
    get watcherCount() {
      return hub.subscriberCount;
    },
    sharedLimits: [...server.sharedLimits, ...shared.all],
    async close() {
      health.shutDown();
      demoEnd.abort();
      await quotes.stopFeeds();
      await demoMade;
      const clean = await server.close(config.graceMs);
      await resources.disposeAsync();
      return clean;
    },
  };
}

/** The services that store something, candles among it: what they promise does not hold while the store is read-only. */
const storingServices = [ProductService, OrderService, QuoteService, UploadService, LaptopService, StreamService].map(
  ({ typeName }) => typeName,
);

/** The descriptors that are made together with the generated code; they have the comments, which that leaves out. */
function readDescriptors(): DescFile[] {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(pathOf("../gen/descriptors.binpb")));
  return [...createFileRegistry(set).files];
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
