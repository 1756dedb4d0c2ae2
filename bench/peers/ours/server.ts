import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { systemClock } from "../../../client/micro-time.ts";
import { systemTimers } from "../../../client/timers.ts";
import { BenchService } from "../../../gen/bench/v1/bench_service_pb.ts";
import { QuoteService } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { toConnectError } from "../../../server/errors.ts";
import { QuoteHub } from "../../../server/quote/quote-hub.ts";
import { quoteService } from "../../../server/quote/quote-service.ts";
import { openDatabase } from "../../../server/storage/database.ts";
import { batch } from "../../../server/transport/batch.ts";
import { startTransportServer } from "../../../server/transport/transport-server.ts";
import { tuneGarbageCollection } from "../../../server/transport/tune-garbage-collection.ts";
import { inspectFile } from "../../../server/upload/inspect-file.ts";
import { NodeDisk } from "../../../server/upload/node-disk.ts";
import { openUploads } from "../../../server/upload/open-uploads.ts";
import { SqliteUploadStore } from "../../../server/upload/sqlite-upload-store.ts";
import { uploadService } from "../../../server/upload/upload-service.ts";
import { WorkerHasher } from "../../../server/upload/worker-hasher.ts";
import { createValidation } from "../../../server/validation.ts";
import { builtFolder } from "../../driver/folders.ts";
import { announce } from "../shared/announce.ts";
import { benchHandlers } from "../shared/bench-handlers.ts";
import { monotonicMicros } from "../shared/monotonic-micros.ts";
import { orderAt } from "../shared/order-at.ts";
import { instrumentsOf, TickSource, tickSymbols } from "../shared/tick-source.ts";
import { Market, marketSymbols } from "./market.ts";

// The project's own transport with plain handlers, its own quote hub and service behind the fan-out, and its own uploads
// on a real disk.

tuneGarbageCollection();

const rowsOnPage = 100;

const instruments = instrumentsOf([...tickSymbols, ...marketSymbols]);
const hub = new QuoteHub({ epoch: 1n, now: systemClock(), instruments });
const source = new TickSource((tick) => hub.publish([tick]));
const market = new Market({ publish: (ticks) => hub.publish(ticks), now: monotonicMicros, timers: systemTimers });

// The bench kills its peers: what one has left is removed by the next.
const data = join(builtFolder, "uploads");
rmSync(data, { recursive: true, force: true });
const { tables } = await openDatabase(data);
const gibibyte = 2 ** 30;
const { uploads } = await openUploads({
  disk: new NodeDisk(data),
  store: new SqliteUploadStore(tables),
  hasher: new WorkerHasher(data),
  inspect: inspectFile,
  settings: { maxFileBytes: 4 * gibibyte, maxTotalBytes: 16 * gibibyte, maxOpenUploads: 100, expiryMs: 3_600_000 },
  timers: systemTimers,
  nowMicros: systemClock(),
  productExists: async () => false,
  onDiskFailure: (error) => console.error(error),
});

const server = await startTransportServer({
  host: "127.0.0.1",
  port: 0,
  routes(router) {
    router.service(BenchService, {
      ...benchHandlers(source, market),
      // As an export from a store would: a page of rows at a time.
      async *export({ count }) {
        for (let sent = 0; sent < Number(count); sent += rowsOnPage) {
          const size = Math.min(rowsOnPage, Number(count) - sent);
          yield* batch(Array.from({ length: size }, (_, at) => orderAt(sent + at)));
        }
      },
      // biome-ignore lint/correctness/useYield: it has nothing to send
      async *watch() {
        throw new ConnectError("quotes come from QuoteService.WatchQuotes", Code.Unimplemented);
      },
    });
    router.service(QuoteService, quoteService({ hub, newId: randomUUID }));
    router.service(UploadService, uploadService({ uploads, timers: systemTimers }));
  },
  interceptors: [createValidation([UploadService])],
  mapError: toConnectError,
  otherwise: (exchange) => exchange.abort(),
});
announce(Number(new URL(server.url).port));
