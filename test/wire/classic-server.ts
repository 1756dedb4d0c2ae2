import { randomUUID } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type MicroTime, toTimestamp } from "../../client/shared/micro-time.ts";
import { InstrumentSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { classicServices, registerClassicRoutes } from "../../server/classic/classic-routes.ts";
import { createMessageDelay, type MessageDelay } from "../../server/classic/message-delay.ts";
import { exportLimit } from "../../server/order/order-service.ts";
import { type OrderTables, orderMigrations } from "../../server/order/store/order-tables.ts";
import { SqliteOrderStore } from "../../server/order/store/sqlite-order-store.ts";
import { openProducts } from "../../server/product/open-product-family.ts";
import { type ProductTables, productMigrations } from "../../server/product/store/product-tables.ts";
import { QuoteHub } from "../../server/quote/hub/quote-hub.ts";
import { ManualTime, someMonday } from "../../server/shared/testing/manual-time.ts";
import { serviceOptions } from "../../server/shared/testing/serve-service.ts";
import { openDatabase } from "../../server/storage/sqlite/database.ts";
import { SharedLimit } from "../../server/transport/protection/shared-limit.ts";
import { composeUploads } from "../../server/upload/compose-uploads.ts";
import { NodeDisk } from "../../server/upload/file/node-disk.ts";
import { ThreadHasher } from "../../server/upload/hash/thread-hasher.ts";
import { detectFileType } from "../../server/upload/image/detect-file-type.ts";
import { SqliteUploadStore } from "../../server/upload/store/sqlite-upload-store.ts";
import { type UploadTables, uploadMigrations } from "../../server/upload/store/upload-tables.ts";
import { uploadIdleTimeoutMs } from "../../server/upload/upload-service.ts";
import { startWireServer } from "./start-wire-server.ts";

const catalogueTime: MicroTime = 1_790_000_000_000_000;

/** The creation time and the update time of every product. */
export const classicNow = toTimestamp(catalogueTime);

/**
 * Starts a server of the classic services on a free port, with a separate store, and with a clock that advances to each
 * timer. The test publishes to the hub.
 */
export async function startClassicServer(
  options: { readonly demo?: boolean; readonly messageDelay?: MessageDelay; readonly idleTimeoutMs?: number } = {},
) {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-classic-")));
  const database = resources.use(
    await openDatabase<ProductTables & OrderTables & UploadTables>(folder.path, {
      migrations: [productMigrations, orderMigrations, uploadMigrations],
    }),
  );
  const { catalogue, productExists } = await openProducts({
    database,
    now: () => catalogueTime,
    demo: options.demo !== false,
  });
  const orders = new SqliteOrderStore(database);
  const time = new ManualTime();
  const uploadFolder = join(folder.path, "uploads");
  const { uploads } = resources.use(
    await composeUploads({
      disk: new NodeDisk(uploadFolder),
      store: new SqliteUploadStore(database.tables),
      hasher: resources.use(new ThreadHasher(uploadFolder)),
      detectType: detectFileType,
      settings: {
        maxFileBytes: 32 * 1024 * 1024,
        maxTotalBytes: 256 * 1024 * 1024,
        maxOpenUploads: 10,
        expiryMs: 3_600_000,
      },
      timers: time.timers,
      nowMicros: time.now,
      productExists,
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
    idleTimeoutMs: options.idleTimeoutMs ?? uploadIdleTimeoutMs,
    newId: randomUUID,
    maxImageBytes: 1024 * 1024,
    messageDelay: options.messageDelay ?? createMessageDelay(1_000, time.instantTimers),
    log: log as never,
  };
  const server = resources.use(
    await startWireServer(
      {},
      serviceOptions(classicServices, (router) => registerClassicRoutes(router, classic)),
    ),
  );
  return {
    server,
    catalogue,
    orders,
    uploads,
    time,
    hub,
    /** The log lines of the services. */
    lines,
    publish: (...bids: number[]) =>
      hub.publish(bids.map((bid) => ({ symbol: "ACME", bid, last: 1.5, sourceTime: someMonday }))),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A server of the classic services, as {@link startClassicServer} starts it. */
export type ClassicServer = Awaited<ReturnType<typeof startClassicServer>>;
