import { join } from "node:path";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { Timers } from "../../client/shared/timers.ts";
import type { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { logRepeatedProblem } from "../logging/repeated-problem-log.ts";
import type { Database } from "../storage/sqlite/database.ts";
import type { Exchange } from "../transport/exchange/exchange.ts";
import type { LimitDefinition, SharedLimit } from "../transport/protection/shared-limit.ts";
import { composeUploads, type UploadSettings } from "./compose-uploads.ts";
import { uploadFolders } from "./file/file-lifecycle.ts";
import { NodeDisk } from "./file/node-disk.ts";
import { ThreadHasher } from "./hash/thread-hasher.ts";
import { detectFileType } from "./image/detect-file-type.ts";
import { type ProductImageLookup, productImageLookup } from "./image/product-image-lookup.ts";
import { SqliteUploadStore } from "./store/sqlite-upload-store.ts";
import type { UploadTables } from "./store/upload-tables.ts";
import { createUploadHttpHandler } from "./upload-http-handler.ts";
import { uploadIdleTimeoutMs, uploadService } from "./upload-service.ts";
import type { ProductExists, Uploads } from "./uploads.ts";

export interface OpenUploadsOptions {
  /** The data directory. Files are stored in its folder `uploads`. */
  readonly dataDirectory: string;
  /** The database of that directory. */
  readonly database: Pick<Database<UploadTables>, "tables" | "queries" | "health" | "toDomainError">;
  readonly settings: UploadSettings;
  /** The longest time that a request stream of any service may be idle, in milliseconds. */
  readonly maxIdleMs: number;
  /** Creates the limits that clients share. */
  readonly limit: (definition: LimitDefinition) => SharedLimit;
  /** The limit on calls that write to the database. */
  readonly writeLimit: SharedLimit;
  readonly productExists: ProductExists;
  readonly timers: Timers;
  /** Microseconds since 1970. */
  readonly nowMicros: () => number;
  readonly log: Logger;
}

/** The family, open. Disposing of it closes all files and ends the hash thread. */
export interface OpenUploads extends AsyncDisposable {
  readonly uploads: Uploads;
  readonly service: ServiceImpl<typeof UploadService>;
  /** Serves an exchange and returns true if its path is `/uploads/…`; returns false otherwise. */
  readonly serve: (exchange: Exchange) => boolean;
  readonly productImages: ProductImageLookup;
  /** The folders that files are written to, relative to the data directory. */
  readonly folders: readonly string[];
  /** How long a stream that uploads may be idle, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/** Opens the uploads of a data directory: recovers its files, and starts the hash thread and the sweeps. */
export async function openUploads(options: OpenUploadsOptions): Promise<OpenUploads> {
  const { database, log } = options;
  const root = join(options.dataDirectory, "uploads");
  await using opened = new AsyncDisposableStack();
  const { uploads, thumbnails, recovery } = opened.use(
    await composeUploads({
      ...options,
      disk: new NodeDisk(root),
      store: new SqliteUploadStore(database.tables, database.queries),
      hasher: opened.use(new ThreadHasher(root)),
      detectType: detectFileType,
      health: database.health,
      sweepProblem: logRepeatedProblem(log, {
        failed: "expired uploads cannot be removed; the next sweep tries again",
        over: "removing expired uploads has resumed",
      }),
    }),
  );
  if (recovery.damaged.length > 0) log.error({ uploads: recovery.damaged }, "the disk has lost bytes of uploads");
  const serve = createUploadHttpHandler({
    uploads,
    thumbnails,
    root,
    problem: logRepeatedProblem(log, {
      failed: "an upload cannot be served over HTTP",
      over: "serving uploads over HTTP has resumed",
    }),
    toDomainError: database.toDomainError,
  });
  const idleTimeoutMs = Math.min(uploadIdleTimeoutMs, options.maxIdleMs);
  const resources = opened.move();
  return {
    uploads,
    service: uploadService({ uploads, idleTimeoutMs }),
    serve,
    productImages: productImageLookup(uploads),
    folders: ["uploads", ...uploadFolders.map((name) => join("uploads", name))],
    idleTimeoutMs,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
