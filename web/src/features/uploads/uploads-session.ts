import { createClient, type Transport } from "@connectrpc/connect";
import pLimit from "p-limit";
import { uploadFile } from "../../../../client/upload/upload-file.ts";
import { blobSource } from "../../../../client/upload/upload-source.ts";
import { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { UploadService } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { readably } from "../../shared/schedules.ts";
import { lockClaims } from "./claims.ts";
import { indexedFileKeeper } from "./file-keeper.ts";
import { hashInWorker } from "./hash-in-worker.ts";
import { ProductNames } from "./product-names.ts";
import { ServerUploads } from "./server-uploads.ts";
import { localUploadMemory } from "./upload-memory.ts";
import { UploadQueue } from "./upload-queue.ts";

// A browser allows six connections to a server, over all its windows: two chunks are under way at a time, and while
// another page has a stream of its own, one. Whatever else this page asks waits for its turn between them.
const callsWhenShown = 2;
const callsBeside = 1;

/** Uploads in a browser. It lives as long as the window does: uploads go on whatever page is shown. */
export class UploadsSession {
  readonly queue: UploadQueue;
  readonly stored: ServerUploads;
  readonly products: ProductNames;
  readonly #inTurn = pLimit(callsBeside);

  constructor(transport: Transport) {
    const client = createClient(UploadService, this.#limited(transport));
    this.stored = new ServerUploads(client, readably);
    this.products = new ProductNames(createClient(ProductService, transport), readably);
    this.queue = new UploadQueue({
      begin: (file, memo, listeners) =>
        uploadFile(client, blobSource(file), { memo, hash: hashInWorker(file), ...listeners }),
      abort: async (uploadId) => {
        await client.abortUpload({ uploadId });
      },
      files: indexedFileKeeper(),
      memory: localUploadMemory,
      claims: lockClaims(navigator.locks),
      schedule: readably,
      newId: randomId,
      now: Date.now,
      clock: () => performance.now(),
      onComplete: (upload) => this.stored.take(upload),
    });
  }

  /** Goes on with what was begun before a reload. Once. */
  start(): void {
    this.queue.start();
    addEventListener("online", this.#retry);
  }

  readonly #retry = (): void => this.queue.retry();

  /** Whether the page of uploads is shown. */
  set isShown(isShown: boolean) {
    this.#inTurn.concurrency = isShown ? callsWhenShown : callsBeside;
  }

  #limited(transport: Transport): Transport {
    return {
      unary: (...call) => this.#inTurn(() => transport.unary(...call)),
      stream: (...call) => transport.stream(...call),
    };
  }
}

/** A random UUID. `crypto.randomUUID` is there on secure origins only, which a server in the house may not be. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
