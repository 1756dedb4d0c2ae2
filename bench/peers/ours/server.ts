import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import { systemClock } from "../../../client/shared/micro-time.ts";
import { systemTimers } from "../../../client/shared/timers.ts";
import { BenchService } from "../../../gen/bench/v1/bench_service_pb.ts";
import { OrderService } from "../../../gen/bourse/order/v1/order_service_pb.ts";
import { QuoteService } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { type OrderTables, orderMigrations } from "../../../server/order/store/order-tables.ts";
import { QuoteHub } from "../../../server/quote/hub/quote-hub.ts";
import { quoteService } from "../../../server/quote/quote-service.ts";
import { createValidation } from "../../../server/shared/request-validation.ts";
import { toConnectError } from "../../../server/shared/to-connect-error.ts";
import { openDatabase } from "../../../server/storage/sqlite/database.ts";
import { tuneGarbageCollection } from "../../../server/transport/protection/tune-garbage-collection.ts";
import { batch } from "../../../server/transport/rpc/yield-batch.ts";
import { startTransportServer } from "../../../server/transport/transport-server.ts";
import { type UploadTables, uploadMigrations } from "../../../server/upload/store/upload-tables.ts";
import { uploadIdleTimeoutMs, uploadService } from "../../../server/upload/upload-service.ts";
import { announce } from "../shared/announce.ts";
import { benchHandlers } from "../shared/bench-handlers.ts";
import { monotonicMicros } from "../shared/monotonic-micros.ts";
import { orderAt } from "../shared/order-at.ts";
import { instrumentsOf, TickSource, tickSymbols } from "../shared/tick-source.ts";
import { Market, marketSymbols } from "./market.ts";
import { openFillableOrders } from "./order-store.ts";
import { openUploadStore } from "./upload-store.ts";

// The transport of Bourse with plain handlers, its quote hub and quote service for the fan-out, and its order store and
// uploads on a disk.

tuneGarbageCollection();

const rowsOnPage = 100;

const instruments = instrumentsOf([...tickSymbols, ...marketSymbols]);
const hub = new QuoteHub({ epoch: 1n, now: systemClock(), instruments });
const source = new TickSource((tick) => hub.publish([tick]));
const market = new Market({ publish: (ticks) => hub.publish(ticks), now: monotonicMicros, timers: systemTimers });

const folder = process.env.BENCH_FOLDER ?? "";
const database = await openDatabase<OrderTables & UploadTables>(folder, {
  migrations: [orderMigrations, uploadMigrations],
});
const orders = openFillableOrders(database);
const uploads = await openUploadStore(database, folder);

const server = await startTransportServer({
  host: "127.0.0.1",
  port: 0,
  limits: { peerShare: 1 }, // the load client is the only one
  routes(router) {
    router.service(BenchService, {
      ...benchHandlers(source, market),
      // Yields a page of orders at a time, like an export from a store.
      async *export({ count }) {
        for (let sent = 0; sent < Number(count); sent += rowsOnPage) {
          const size = Math.min(rowsOnPage, Number(count) - sent);
          yield* batch(Array.from({ length: size }, (_, at) => orderAt(sent + at)));
        }
      },
      async fillStore({ count }) {
        return { count: BigInt(await orders.fill(Number(count))) };
      },
      // biome-ignore lint/correctness/useYield: it sends no message
      async *watch() {
        throw new ConnectError("not implemented; call QuoteService.WatchQuotes instead", Code.Unimplemented);
      },
    });
    router.service(OrderService, orders.service);
    router.service(QuoteService, quoteService({ hub, newId: randomUUID }));
    router.service(UploadService, uploadService({ uploads, idleTimeoutMs: uploadIdleTimeoutMs }));
  },
  interceptors: [createValidation([UploadService])],
  mapError: toConnectError,
  otherwise: (exchange) => exchange.abort(),
});
announce(Number(new URL(server.url).port));
