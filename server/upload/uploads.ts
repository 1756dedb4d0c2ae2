import { NotFoundError } from "../shared/api-resource-errors.ts";
import type { Peer, SharedLimit } from "../transport/protection/shared-limit.ts";
import type { ExpirySweep } from "./expiry-sweep.ts";
import type { DiskFile } from "./file/disk-operations.ts";
import { completeFolder, createFile, pathOf } from "./file/file-lifecycle.ts";
import type { Chunk } from "./session/chunk-receiver.ts";
import type { SessionRegistry } from "./session/session-registry.ts";
import type { FinishRequest, FinishWait, UploadDependencies, UploadSession } from "./session/upload-session.ts";
import type { FileMetadata, StoredPhase, UploadPhase, UploadRecord, UploadView } from "./store/upload-record.ts";
import { diskError, readOnlyError, uploadError, uploadNotFound } from "./upload-errors.ts";

/** Resolves to whether there is a product with this id. */
export type ProductExists = (id: string) => Promise<boolean>;

export interface UploadsOptions extends UploadDependencies {
  readonly sessions: SessionRegistry;
  readonly sweep: ExpirySweep;
  readonly productExists: ProductExists;
  /** The limit on calls that write to the database. Default: only the database's own. */
  readonly writeLimit?: SharedLimit | undefined;
  /** The limit on concurrent downloads. */
  readonly downloads: SharedLimit;
  /** Deletes data that is derived from an upload. Is called after an abort. */
  readonly onAbort: (id: string) => Promise<void>;
}

/** The selection and the page of a list. */
export interface ListQuery {
  /** Empty: all phases. */
  readonly phases: readonly UploadPhase[];
  /** Empty: uploads of any product and of none. */
  readonly productId: string;
  readonly limit: number;
  /** The `next` of the previous page. Absent: the first page. */
  readonly before?: bigint | undefined;
}

/**
 * All uploads: the interface of the family for every transport, for images and for downloads. `upload_service.proto`
 * documents the guarantees.
 *
 * Every method rejects with a NotFoundError if there is no such upload, and with an UploadError if the request is refused.
 * Ids are UUIDs in lower case.
 */
export class Uploads implements AsyncDisposable {
  readonly #options: UploadsOptions;

  /** The files must have been recovered by `recoverUploads`. */
  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** How long an upload is kept without a change, in milliseconds. */
  get expiryMs(): number {
    return this.#options.sweep.expiryMs;
  }

  /** The same for an upload without a committed byte. */
  get emptyExpiryMs(): number {
    return this.#options.sweep.emptyExpiryMs;
  }

  get totalBytes(): number {
    return this.#options.quota.limits.bytes.used;
  }

  get openCount(): number {
    return this.#options.quota.limits.open.used;
  }

  /** The limit on the size of a file, and the limits that clients share. */
  get limits() {
    return { ...this.#options.limits, ...this.#options.quota.limits };
  }

  /**
   * Starts an upload, or takes over one that was started before. The caller writes with the generation of the result.
   *
   * @param peer the client; its share of the quota counts the upload if it is new
   */
  async start(metadata: FileMetadata, peer?: Peer): Promise<UploadView> {
    using _ = this.#options.writeLimit?.acquire(peer);
    const { sessions, sweep } = this.#options;
    await sweep.waitForDeletion(metadata.id);
    let isNew = false;
    return await sessions.use(
      metadata.id,
      async (session) => (isNew ? session.view : session.start(metadata)),
      () => {
        isNew = true;
        return this.#create(metadata, peer);
      },
    );
  }

  /** Receives a chunk, which may arrive before the bytes that precede it. Resolves to the committed offset after it. */
  writeChunk(id: string, chunk: Chunk): Promise<number> {
    return this.#options.sessions.use(id, (session) => session.writeChunk(chunk));
  }

  async finish(id: string, request: FinishRequest, wait: FinishWait = "short", peer?: Peer): Promise<UploadView> {
    using _ = this.#options.writeLimit?.acquire(peer);
    return await this.#options.sessions.use(id, (session) => session.finish(request, wait));
  }

  async abort(id: string, peer?: Peer): Promise<UploadView> {
    using _ = this.#options.writeLimit?.acquire(peer);
    const view = await this.#options.sessions.use(id, (session) => session.abort());
    await this.#options.onAbort(id);
    return view;
  }

  /** Runs a task that writes to an upload for a while. The session stays open during the task. */
  write<T>(id: string, task: (session: UploadSession) => Promise<T>): Promise<T> {
    return this.#options.sessions.use(id, task);
  }

  async get(id: string): Promise<UploadView> {
    const { sessions, store } = this.#options;
    const session = await sessions.find(id);
    const view = session?.view ?? (await store.get(id));
    if (view === undefined) throw uploadNotFound(id);
    return view;
  }

  /** Resolves to a complete upload. Rejects with an UploadError if the upload is in another phase. */
  async getComplete(id: string): Promise<UploadView> {
    const upload = await this.get(id);
    const { phase } = upload;
    if (phase === "complete") return upload;
    const canComplete = phase === "open" || phase === "verifying";
    const advice = canComplete ? "read it after it is complete" : "upload the file under a new id";
    throw uploadError(id, upload, "STATE", `its state is ${phase}, so its file cannot be read: ${advice}`);
  }

  /** Lists uploads, the newest first. A page may have fewer uploads than `limit` even if another page follows. */
  async list(query: ListQuery): Promise<{ uploads: readonly UploadView[]; next?: bigint | undefined }> {
    const { sessions, store } = this.#options;
    const phases = [...new Set(query.phases.map(storedPhase))];
    const { records, next } = await store.list({ ...query, phases });
    const views = await Promise.all(records.map(async (record) => (await sessions.find(record.id))?.view ?? record));
    const uploads = views.filter(({ phase }) => query.phases.length === 0 || query.phases.includes(phase));
    return { uploads, next };
  }

  /** Opens the file of a complete upload to read. It stays readable if the upload is deleted in the meantime. */
  async open(id: string): Promise<{ upload: UploadView; file: DiskFile }> {
    const upload = await this.getComplete(id);
    return { upload, file: await this.#options.disk.open(pathOf(id, completeFolder), "read") };
  }

  /** Counts a download of a client until the result is disposed of. Throws a LimitError if the limit is reached. */
  startDownload(peer?: Peer): Disposable {
    return this.#options.downloads.acquire(peer);
  }

  /** Finds the complete images of products, the oldest first, at most `limit` of each product. */
  imagesOf(productIds: readonly string[], limit: number): Promise<UploadView[]> {
    return this.#options.store.imagesOf(productIds, limit);
  }

  /** Stops the sweeps and closes all files. Received bytes that were not acknowledged may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.sweep[Symbol.asyncDispose]();
    await this.#options.sessions.closeAll();
  }

  async #create({ id, fileName, productId, size, sha256 }: FileMetadata, owner: Peer): Promise<UploadRecord> {
    const { store, quota, limits, productExists, health, nowMicros } = this.#options;
    const nothing = { committed: 0 };
    if (health.isReadOnly) throw readOnlyError(id, nothing);
    if (productId !== "" && !(await productExists(productId)))
      throw new NotFoundError("product", productId, "check product_id");
    if (size !== undefined && size > limits.maxFileBytes) {
      const message = `the file has ${size} bytes, more than the limit of ${limits.maxFileBytes} bytes per file`;
      throw uploadError(id, nothing, "FILE_LIMIT", message);
    }
    const refusal = quota.open(id, owner, size);
    if (refusal !== undefined) throw uploadError(id, nothing, refusal.reason, refusal.message);
    try {
      await createFile(id, this.#options);
      const micros = nowMicros();
      const file = { id, fileName, productId, size, sha256, owner, createMicros: micros, updateMicros: micros };
      const record = { ...file, phase: "open", committed: 0, generation: 1 } as const;
      await store.insert(record);
      return record;
    } catch (error) {
      quota.remove(id);
      throw diskError(id, nothing, error, health);
    }
  }
}

function storedPhase(phase: UploadPhase): StoredPhase {
  return phase === "verifying" ? "open" : phase;
}
