import { createClient, type Transport } from "@connectrpc/connect";
import pLimit from "p-limit";
import { uploadFile } from "../../../../client/upload/upload-file.ts";
import { blobSource } from "../../../../client/upload/upload-source.ts";
import { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { UploadService } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { every250ms } from "../../shared/notifier-schedules.ts";
import { createFileCache } from "./file-cache.ts";
import { hashInWorker } from "./hash-in-worker.ts";
import { localUploadRecords } from "./local-upload-records.ts";
import { ProductNames } from "./product-names.ts";
import { StoredUploadListModel } from "./stored-upload-list-model.ts";
import { createUploadLocks } from "./upload-locks.ts";
import { UploadQueue } from "./upload-queue.ts";

// A browser opens at most six HTTP/1.1 connections to a server, over all windows. Uploads use two concurrent calls, and
// one while another page is shown, which can have its own stream.
const maxCallsOnPage = 2;
const maxCallsInBackground = 1;

/** The uploads of a window, outside React. They continue on every page. */
export class UploadsModel {
  readonly queue: UploadQueue;
  readonly stored: StoredUploadListModel;
  readonly products: ProductNames;
  readonly #limitCalls = pLimit(maxCallsInBackground);

  constructor(transport: Transport) {
    const client = createClient(UploadService, this.#limitUnaryCalls(transport));
    this.stored = new StoredUploadListModel(client, every250ms);
    this.products = new ProductNames(createClient(ProductService, transport), every250ms);
    this.queue = new UploadQueue({
      startUpload: (file, memo, listeners) =>
        uploadFile(client, blobSource(file), { memo, hash: hashInWorker(file), ...listeners }),
      abort: async (uploadId) => {
        await client.abortUpload({ uploadId });
      },
      files: createFileCache(),
      records: localUploadRecords,
      locks: createUploadLocks(navigator.locks),
      schedule: every250ms,
      newId: randomUuid,
      now: Date.now,
      monotonicNow: () => performance.now(),
      onComplete: (upload) => this.stored.add(upload),
    });
  }

  /** Restores the uploads of the time before a reload. Further calls have no effect. */
  start(): void {
    this.queue.start();
    addEventListener("online", this.#retry);
  }

  readonly #retry = (): void => this.queue.retry();

  /** Sets whether the uploads page is shown. */
  set isShown(isShown: boolean) {
    this.#limitCalls.concurrency = isShown ? maxCallsOnPage : maxCallsInBackground;
  }

  #limitUnaryCalls(transport: Transport): Transport {
    return {
      unary: (...call) => this.#limitCalls(() => transport.unary(...call)),
      stream: (...call) => transport.stream(...call),
    };
  }
}

/** Returns a random UUID. `crypto.randomUUID` exists only on secure origins, and a local server may not have one. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
