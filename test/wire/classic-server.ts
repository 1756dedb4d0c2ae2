import { randomUUID } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { InstrumentSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { classicServices, registerClassicRoutes } from "../../server/classic/classic-routes.ts";
import { type Pace, paceOf } from "../../server/classic/stream/pace.ts";
import { exportLimit } from "../../server/order/order-service.ts";
import { SqliteOrderStore } from "../../server/order/store/sqlite-order-store.ts";
import { Catalogue } from "../../server/product/catalogue.ts";
import { seedDemoCatalogue } from "../../server/product/demo/demo-catalogue.ts";
import { SqliteRatingStore } from "../../server/product/rating/sqlite-rating-store.ts";
import { SqliteProductFinder } from "../../server/product/search/sqlite-product-finder.ts";
import { SqliteTextSearch } from "../../server/product/search/sqlite-text-search.ts";
import { SqliteProductStore } from "../../server/product/store/sqlite-product-store.ts";
import { QuoteHub } from "../../server/quote/hub/quote-hub.ts";
import { messageLimitsOf } from "../../server/requests/request-limits.ts";
import { toConnectError } from "../../server/shared/connect-error.ts";
import { ManualTime, someMonday } from "../../server/shared/testing/manual-time.ts";
import { createValidation } from "../../server/shared/validation.ts";
import { openDatabase } from "../../server/storage/database.ts";
import { SharedLimit } from "../../server/transport/protection/shared-limit.ts";
import { NodeDisk } from "../../server/upload/file/node-disk.ts";
import { WorkerHasher } from "../../server/upload/hash/worker-hasher.ts";
import { inspectFile } from "../../server/upload/image/inspect-file.ts";
import { openUploads } from "../../server/upload/open-uploads.ts";
import { SqliteUploadStore } from "../../server/upload/store/sqlite-upload-store.ts";
import { uploadStallMs } from "../../server/upload/upload-service.ts";
import { startWireServer } from "./start-wire-server.ts";

/** When everything that a client makes was made. */
export const classicNow = timestampFromMs(1_790_000_000_000);

/**
 * A server of the classic services on a free port, with a store of its own, and time that passes where something waits
 * for it. The hub is published to by hand.
 */
export async function startClassicServer(
  options: { readonly demo?: boolean; readonly pace?: Pace; readonly stallMs?: number } = {},
) {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-classic-")));
  const database = resources.use(await openDatabase(folder.path));
  const texts = new SqliteTextSearch(database.tables);
  const products = new SqliteProductStore(database.tables, texts);
  const catalogue = new Catalogue({
    store: products,
    finder: new SqliteProductFinder(database.tables, texts),
    ratings: new SqliteRatingStore(database.tables),
    now: () => classicNow,
    newId: randomUUID,
  });
  const orders = new SqliteOrderStore(database);
  if (options.demo !== false) await seedDemoCatalogue(products, classicNow);
  const time = new ManualTime();
  const uploadFolder = join(folder.path, "uploads");
  const { uploads } = resources.use(
    await openUploads({
      disk: new NodeDisk(uploadFolder),
      store: new SqliteUploadStore(database.tables),
      hasher: resources.use(new WorkerHasher(uploadFolder)),
      inspect: inspectFile,
      settings: {
        maxFileBytes: 32 * 1024 * 1024,
        maxTotalBytes: 256 * 1024 * 1024,
        maxOpenUploads: 10,
        expiryMs: 3_600_000,
      },
      timers: time.timers,
      nowMicros: time.now,
      productExists: async (id) => (await products.get(id)) !== undefined,
      health: database.health,
    }),
  );
  const hub = new QuoteHub({
    epoch: 5n,
    now: time.now,
    timers: time.timers,
    instruments: [create(InstrumentSchema, { symbol: "ACME" })],
  });
  const lines: { facts: object; text: string }[] = [];
  const log = { info: (facts: object, text: string) => lines.push({ facts, text }) };
  const classic = {
    catalogue,
    orders,
    exports: new SharedLimit(exportLimit),
    hub,
    uploads,
    stallMs: options.stallMs ?? uploadStallMs,
    newId: randomUUID,
    maxImageBytes: 1024 * 1024,
    pace: options.pace ?? paceOf(1_000, time.wait),
    log: log as never,
  };
  const server = resources.use(
    await startWireServer(
      {},
      {
        routes: (router) => registerClassicRoutes(router, classic),
        interceptors: [createValidation(classicServices)],
        requestLimits: messageLimitsOf,
        mapError: toConnectError,
      },
    ),
  );
  return {
    server,
    products,
    catalogue,
    orders,
    uploads,
    time,
    hub,
    /** What the services have logged. */
    lines,
    publish: (...bids: number[]) =>
      hub.publish(bids.map((bid) => ({ symbol: "ACME", bid, last: 1.5, sourceTime: someMonday }))),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A server of the classic services, as {@link startClassicServer} starts it. */
export type ClassicServer = Awaited<ReturnType<typeof startClassicServer>>;
