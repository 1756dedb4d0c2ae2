import type { Problem } from "../logging/repeated-problem.ts";
import { NotFoundError } from "../shared/resource-errors.ts";
import type { Peer, SharedLimit } from "../transport/protection/shared-limit.ts";
import type { DiskFile } from "./file/disk.ts";
import { createFile } from "./file/reconcile-file.ts";
import { completeFolder, pathOf, type UploadDependencies, type UploadView } from "./session/upload-dependencies.ts";
import { type Chunk, type FinishRequest, UploadSession } from "./session/upload-session.ts";
import type { FileMetadata, StoredPhase, UploadPhase, UploadRecord } from "./store/upload-record.ts";
import { diskError, readOnlyError, uploadError } from "./upload-errors.ts";

/** How long an upload that nobody has to do with stays at hand: its file is open. */
export const idleSessionMs = 30_000;

/** How long an upload is kept without a byte, if `expiryMs` is not shorter: it has nothing to lose. */
export const emptyExpiryMs = 5 * 60_000;

/** How often those are looked for, and uploads that have expired. */
export const sweepIntervalMs = 10_000;

/** How many uploads expire, and how many are forgotten, in one sweep: those of a flood take several. */
const maxSweptUploads = 100;

/** Whether there is a product of that id. */
export type ProductExists = (id: string) => Promise<boolean>;

export interface UploadsOptions extends UploadDependencies {
  readonly productExists: ProductExists;
  /** How long an upload is kept when nothing more of it comes, and how long it is remembered after that. */
  readonly expiryMs: number;
  /** The limit on calls that write to the database. Default: none but the database's own. */
  readonly writeLimit?: SharedLimit | undefined;
  /** The limit on downloads under way. */
  readonly readers: SharedLimit;
  /** What else was kept of an upload is to be deleted with it. */
  readonly onDiscard?: (id: string) => Promise<void>;
  /** Watches over the sweeps. Default: nothing is reported. */
  readonly sweepProblem?: Problem;
}

/** Which uploads are wanted. */
export interface ListQuery {
  /** Empty: any. */
  readonly phases: readonly UploadPhase[];
  /** Empty: of any product, or of none. */
  readonly productId: string;
  readonly limit: number;
  readonly before?: bigint | undefined;
}

/** An upload that somebody has to do with. */
interface Live {
  readonly session: UploadSession;
  users: number;
  /** In ms, of the last use. */
  usedMs: number;
}

/**
 * All uploads. Both doors, images and downloads come here; what each promises is in `upload_service.proto`.
 *
 * Every method rejects with a NotFoundError where there is no such upload, and with an UploadError where the upload
 * refuses. Ids are UUIDs in lower case.
 */
export class Uploads implements AsyncDisposable {
  readonly #options: UploadsOptions;
  readonly #live = new Map<string, Promise<Live>>();
  /** Uploads without a byte that are being forgotten: a start waits for that, and creates the upload again. */
  readonly #forgetting = new Map<string, Promise<void>>();
  #stopSweeping: (() => void) | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  /** The store must have been through `recoverUploads`. */
  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#sweepLater();
  }

  get expiryMs(): number {
    return this.#options.expiryMs;
  }

  /** The same for an upload without a byte. */
  get emptyExpiryMs(): number {
    return Math.min(emptyExpiryMs, this.#options.expiryMs);
  }

  get totalBytes(): number {
    return this.#options.quota.limits.bytes.used;
  }

  get openCount(): number {
    return this.#options.quota.limits.open.used;
  }

  /** The limits on files, and those that clients share. */
  get limits() {
    return { ...this.#options.limits, ...this.#options.quota.limits };
  }

  /**
   * Starts an upload, or takes it over: the caller writes with the generation that the answer has.
   *
   * @param peer the client, by whose share it counts if it is new
   */
  async start(words: FileMetadata, peer?: Peer): Promise<UploadView> {
    using _ = this.#options.writeLimit?.acquire(peer);
    await this.#forgetting.get(words.id);
    let created = false;
    const view = await this.#use(
      words.id,
      async (session) => (created ? session.view : session.start(words)),
      async () => {
        created = true;
        return this.#create(words, peer);
      },
    );
    return view;
  }

  /** Takes a chunk, which may come before the one that precedes it. Resolves to the offset that is committed then. */
  writeChunk(id: string, chunk: Chunk): Promise<number> {
    return this.#use(id, (session) => session.writeChunk(chunk));
  }

  async finish(
    id: string,
    words: FinishRequest,
    patience: "short" | "until the verdict" = "short",
    peer?: Peer,
  ): Promise<UploadView> {
    using _ = this.#options.writeLimit?.acquire(peer);
    return await this.#use(id, (session) => session.finish(words, patience));
  }

  async abort(id: string, peer?: Peer): Promise<UploadView> {
    using _ = this.#options.writeLimit?.acquire(peer);
    const view = await this.#use(id, (session) => session.abort());
    await this.#options.onDiscard?.(id);
    return view;
  }

  /** Runs a task that writes to an upload for a while. */
  write<T>(id: string, task: (session: UploadSession) => Promise<T>): Promise<T> {
    return this.#use(id, task);
  }

  async get(id: string): Promise<UploadView> {
    const live = await this.#live.get(id)?.catch(() => undefined);
    const view = live?.session.view ?? (await this.#options.store.get(id));
    if (view === undefined) throw new NotFoundError("upload", id);
    return view;
  }

  /** The newest first. A page may have fewer than `limit`, though there are more. */
  async list(query: ListQuery): Promise<{ uploads: readonly UploadView[]; next?: bigint | undefined }> {
    const phases = [...new Set(query.phases.map(storedPhase))];
    const { records, next } = await this.#options.store.list({ ...query, phases });
    const views = await Promise.all(
      records.map(async (record) => (await this.#live.get(record.id)?.catch(() => undefined))?.session.view ?? record),
    );
    const uploads = views.filter(({ phase }) => query.phases.length === 0 || query.phases.includes(phase));
    return { uploads, next };
  }

  /** A complete upload and its file, open to read. The file stays readable when the upload is deleted meanwhile. */
  async open(id: string): Promise<{ upload: UploadView; file: DiskFile }> {
    const upload = await this.get(id);
    if (upload.phase !== "complete") {
      throw uploadError(id, upload, "STATE", `it is ${upload.phase}: it can be read once it is complete`);
    }
    return { upload, file: await this.#options.disk.open(pathOf(id, completeFolder), "read") };
  }

  /** Counts a download of a client, until it is disposed of. Throws a LimitError if there are too many. */
  startReading(peer?: Peer): Disposable {
    return this.#options.readers.acquire(peer);
  }

  /** The complete images of some products, the oldest first, at most `limit` of each product. */
  imagesOf(productIds: readonly string[], limit: number): Promise<UploadView[]> {
    return this.#options.store.imagesOf(productIds, limit);
  }

  /**
   * Lets go of uploads that nobody has to do with, lets those expire that were not continued, and forgets old ones, and
   * those without a byte.
   */
  async sweep(): Promise<void> {
    await this.#letGoOfIdle();
    const { store, nowMicros, expiryMs, health } = this.#options;
    if (health.isReadOnly) return;
    const before = nowMicros() - expiryMs * 1_000;
    // Those that somebody has to do with do not count: they may be the oldest for long.
    const limit = maxSweptUploads + this.#live.size;
    for (const { id } of await store.unchangedSince(["open", "damaged"], before, limit)) {
      if (!(await this.#isUsed(id))) await this.#use(id, (session) => session.expire(before, "any"));
    }
    const emptyBefore = nowMicros() - this.emptyExpiryMs * 1_000;
    for (const { id } of await store.unchangedSince(["open"], emptyBefore, limit, "empty")) {
      if (await this.#isUsed(id)) continue;
      const forgotten = this.#forgetEmpty(id, emptyBefore).finally(() => this.#forgetting.delete(id));
      this.#forgetting.set(
        id,
        forgotten.catch(() => {}),
      ); // Who starts it meanwhile finds what is there.
      await forgotten;
    }
    for (const { id } of await store.unchangedSince(["aborted", "expired"], before, maxSweptUploads)) {
      await this.#letGo(id);
      await store.remove(id);
    }
  }

  /** Closes all files. What was taken and not acknowledged may be lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopSweeping?.();
    await this.#sweeping;
    for (const id of [...this.#live.keys()]) await this.#letGo(id);
  }

  async #isUsed(id: string): Promise<boolean> {
    const live = await this.#live.get(id)?.catch(() => undefined);
    return live !== undefined && live.users > 0;
  }

  async #forgetEmpty(id: string, beforeMicros: number): Promise<void> {
    const { phase, committed } = await this.#use(id, (session) => session.expire(beforeMicros, "empty"));
    if (phase === "expired" && committed === 0) await this.#options.store.remove(id);
  }

  async #create({ id, fileName, productId, size, sha256 }: FileMetadata, owner: Peer): Promise<UploadRecord> {
    const { store, quota, limits, productExists, health, nowMicros } = this.#options;
    const none = { committed: 0 };
    if (health.isReadOnly) throw readOnlyError(id, none);
    if (productId !== "" && !(await productExists(productId))) throw new NotFoundError("product", productId);
    if (size !== undefined && size > limits.maxFileBytes) {
      const message = `the file has ${size} bytes, but a file may have ${limits.maxFileBytes} at most`;
      throw uploadError(id, none, "FILE_LIMIT", message);
    }
    const refusal = quota.open(id, owner, size);
    if (refusal !== undefined) throw uploadError(id, none, refusal.problem, refusal.message);
    try {
      await createFile(id, this.#options);
      const micros = nowMicros();
      const times = { createMicros: micros, updateMicros: micros };
      const record = {
        id,
        phase: "open" as const,
        fileName,
        productId,
        size,
        sha256,
        committed: 0,
        generation: 1,
        owner,
      };
      await store.insert({ ...record, ...times });
      return { ...record, ...times };
    } catch (error) {
      quota.remove(id);
      throw diskError(id, none, error, health);
    }
  }

  /** Runs a task on an upload, which stays at hand as long; `create` makes its row where there is none. */
  async #use<T>(
    id: string,
    task: (session: UploadSession) => Promise<T>,
    create?: () => Promise<UploadRecord>,
  ): Promise<T> {
    const live = await this.#enter(id, create);
    try {
      return await task(live.session);
    } finally {
      live.users--;
      live.usedMs = this.#options.timers.now();
      const { phase } = live.session.view;
      if (live.users === 0 && phase !== "open" && phase !== "verifying") await this.#letGo(id);
    }
  }

  async #enter(id: string, create?: () => Promise<UploadRecord>): Promise<Live> {
    for (;;) {
      const known = this.#live.get(id) ?? this.#load(id, create);
      const live = await known;
      // It may have been let go of meanwhile: its file is closed then.
      if (this.#live.get(id) !== known) continue;
      live.users++;
      return live;
    }
  }

  #load(id: string, create?: () => Promise<UploadRecord>): Promise<Live> {
    const loading = (async () => {
      const record = (await this.#options.store.get(id)) ?? (await create?.());
      if (record === undefined) throw new NotFoundError("upload", id);
      return { session: new UploadSession(record, this.#options), users: 0, usedMs: this.#options.timers.now() };
    })();
    this.#live.set(id, loading);
    loading.catch(() => this.#live.delete(id));
    return loading;
  }

  async #letGoOfIdle(): Promise<void> {
    for (const [id, loading] of this.#live) {
      const live = await loading.catch(() => undefined);
      if (live === undefined || live.users > 0 || live.session.view.phase === "verifying") continue;
      if (this.#options.timers.now() - live.usedMs >= idleSessionMs) await this.#letGo(id);
    }
  }

  /** Forgets the session of an upload; the next one begins with what is stored. */
  async #letGo(id: string): Promise<void> {
    const loading = this.#live.get(id);
    const live = await loading?.catch(() => undefined);
    if (live === undefined || this.#live.get(id) !== loading) return;
    await live.session.commit().catch(() => {}); // What cannot be committed was not acknowledged.
    await live.session.close();
    if (live.users === 0 && this.#live.get(id) === loading) this.#live.delete(id);
  }

  /** A sweep that fails is tried again by the next one. Never rejects. */
  async #sweepAndReport(): Promise<void> {
    const { health, sweepProblem } = this.#options;
    try {
      await this.sweep();
      sweepProblem?.resolve();
    } catch (error) {
      if (!health.check(error)) sweepProblem?.report(error);
    }
  }

  #sweepLater(): void {
    this.#stopSweeping = this.#options.timers.after(sweepIntervalMs, () => {
      this.#sweeping = this.#sweepAndReport();
      void this.#sweeping.then(() => {
        if (this.#stopSweeping !== undefined) this.#sweepLater();
      });
    });
  }
}

function storedPhase(phase: UploadPhase): StoredPhase {
  return phase === "verifying" ? "open" : phase;
}
