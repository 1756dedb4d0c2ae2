import type { FileUploadState } from "../../../../client/upload/file-upload-state.ts";
import type { FileUpload } from "../../../../client/upload/upload-file.ts";
import { isSameFile, newMemo, type UploadMemo } from "../../../../client/upload/upload-memo.ts";
import { blobSource } from "../../../../client/upload/upload-source.ts";
import type { Upload } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import type { FileCache } from "./file-cache.ts";
import type { LocalUploadRecords } from "./local-upload-records.ts";
import type { UploadLocks } from "./upload-locks.ts";
import {
  isActive,
  isFinished,
  type QueueState,
  type QueueView,
  toQueueView,
  type UploadQueueItem,
} from "./upload-queue-item.ts";

/** The maximum number of uploads in the queue. */
export const maxQueued = 500;

export interface UploadQueueOptions {
  /** Starts or resumes an upload. */
  startUpload(file: File, memo: UploadMemo, listeners: QueueListeners): FileUpload;
  /** Aborts an upload on the server that has no `FileUpload` in this window. */
  abort(uploadId: string): Promise<void>;
  readonly files: FileCache;
  readonly records: LocalUploadRecords;
  readonly locks: UploadLocks;
  readonly schedule: Schedule;
  /** Returns a new UUID. */
  newId(): string;
  /** Returns the time in milliseconds since 1970. */
  now(): number;
  /** Returns milliseconds of a monotonic clock. */
  monotonicNow(): number;
  /** Receives each completed upload. */
  onComplete(upload: Upload): void;
}

interface QueueListeners {
  readonly onState: (state: FileUploadState) => void;
  readonly onProgress: () => void;
}

/** Uploads files one after another, outside React. Uploads survive reloads and lost connections. */
export class UploadQueue {
  readonly #options: UploadQueueOptions;
  readonly #notifier: ChangeNotifier;
  #items: UploadQueueItem[] = [];
  #views: readonly QueueView[] = [];
  #problem: string | undefined;
  #hasStarted = false;

  constructor(options: UploadQueueOptions) {
    this.#options = options;
    this.#notifier = new ChangeNotifier(options.schedule, () => {
      this.#views = this.#items.map(toQueueView);
    });
  }

  /** Adds a listener for changes. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the uploads in the queue, the oldest first: the same array until one changes. */
  readonly views = (): readonly QueueView[] => this.#views;

  /** Returns the description of the last error that has no upload to show it. */
  readonly problem = (): string | undefined => this.#problem;

  /** Restores the uploads of the time before a reload. */
  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    for (const { memo, isPaused, addedAt } of this.#options.records.all()) {
      const item = this.#newItem(memo, addedAt, isPaused);
      this.#items.push(item);
      void this.#restore(item);
    }
    void this.#deleteOrphanedFiles();
    this.#notifier.notify();
  }

  /** Adds files. A file that an upload in the queue needs resumes that upload. */
  add(files: readonly File[], productId: string): void {
    this.#problem = undefined;
    for (const file of files) {
      const source = blobSource(file);
      const sameFile = this.#items.filter(
        ({ memo, state }) => memo.fileName === file.name && isSameFile(memo, source) && !isFinished(state),
      );
      const missingFile = sameFile.filter(({ state }) => state.kind === "file-missing");
      for (const item of missingFile) this.#addFile(item, file);
      if (missingFile.length > 0 || sameFile.some(({ memo }) => memo.productId === productId)) continue;
      if (this.#items.length >= maxQueued) {
        this.#problem = `The limit of ${maxQueued} uploads is reached. Clear completed uploads first.`;
        break;
      }
      const item = this.#newItem(newMemo(source, productId, this.#options.newId), this.#options.now(), false);
      this.#items.push(item);
      this.#saveRecord(item);
      void this.#lock(item).then(() => this.#addFile(item, file));
    }
    this.#notifier.notify();
  }

  /** Pauses an upload. */
  pause(id: string): void {
    const item = this.#find(id);
    if (item === undefined || isFinished(item.state)) return;
    item.isPaused = true;
    this.#saveRecord(item);
    item.upload?.pause();
    if (item.state.kind === "queued") this.#set(item, { kind: "paused" });
  }

  /** Resumes a paused upload. */
  resume(id: string): void {
    const item = this.#find(id);
    if (item === undefined || isFinished(item.state)) return;
    item.isPaused = false;
    this.#saveRecord(item);
    if (item.state.kind === "paused") this.#set(item, { kind: "queued" });
    else item.upload?.resume();
  }

  /** Takes an upload back that another program has taken over. */
  takeOver(id: string): void {
    const item = this.#find(id);
    if (item?.state.kind === "taken-over") this.#set(item, { kind: "queued" });
  }

  /** Ends the waits for the next attempt. */
  retry(): void {
    for (const { upload } of this.#items) upload?.retry();
  }

  /** Restarts a failed upload: the same one if the server refused it, else a new one. */
  retryFailed(id: string): void {
    const item = this.#find(id);
    if (item?.state.kind !== "failed" || item.file === undefined) return;
    const { file, memo } = item;
    item.upload = undefined;
    if (item.state.error.remedy !== "refused") {
      void this.#deleteRecord(item);
      item.memo = newMemo(blobSource(file), memo.productId, this.#options.newId);
      this.#saveRecord(item);
      void this.#lock(item).then(() => this.#addFile(item, file));
    } else this.#addFile(item, file);
  }

  /** Removes an upload from the queue, and aborts it on the server unless it is complete. */
  async cancel(id: string): Promise<void> {
    const item = this.#find(id);
    if (item === undefined) return;
    const { state, upload, memo } = item;
    this.#items = this.#items.filter((other) => other !== item);
    void this.#deleteRecord(item);
    this.#startNext();
    this.#notifier.notify();
    if (state.kind === "complete") return;
    try {
      await (upload?.cancel() ?? this.#options.abort(memo.uploadId));
    } catch {
      this.#problem = `The server could not be notified that “${memo.fileName}” was cancelled. The upload will expire.`;
      this.#notifier.notify();
    }
  }

  /** Removes completed uploads from the queue. */
  clearCompleted(): void {
    this.#items = this.#items.filter(({ state }) => state.kind !== "complete");
    this.#notifier.notify();
  }

  #newItem(memo: UploadMemo, addedAt: number, isPaused: boolean): UploadQueueItem {
    const state = { kind: "restoring" } as const;
    return { memo, addedAt, isPaused, state, file: undefined, upload: undefined, releaseLock: () => {} };
  }

  async #restore(item: UploadQueueItem): Promise<void> {
    const { locks, records, files } = this.#options;
    const { uploadId } = item.memo;
    const release = await locks.tryAcquire(uploadId);
    if (release !== undefined) item.releaseLock = release;
    else {
      this.#set(item, { kind: "other-window" });
      item.releaseLock = await locks.acquire(uploadId);
      const record = records.get(uploadId);
      if (record === undefined) {
        this.#items = this.#items.filter((other) => other !== item); // the other window has completed it
        item.releaseLock();
        this.#notifier.notify();
        return;
      }
      item.isPaused = record.isPaused;
    }
    const file = await files.get(uploadId);
    if (file !== undefined && isSameFile(item.memo, blobSource(file))) this.#setFile(item, file);
    else if (item.file === undefined) this.#set(item, { kind: "file-missing" });
  }

  /** Deletes cached files without a record, which would use up the limit of the cache. */
  async #deleteOrphanedFiles(): Promise<void> {
    const { files, records } = this.#options;
    for (const id of await files.ids()) if (records.get(id) === undefined) await files.delete(id);
  }

  async #lock(item: UploadQueueItem): Promise<void> {
    item.releaseLock = (await this.#options.locks.tryAcquire(item.memo.uploadId)) ?? (() => {});
  }

  /** Sets a file that the user has chosen. */
  #addFile(item: UploadQueueItem, file: File): void {
    void this.#options.files.put(item.memo.uploadId, file);
    this.#setFile(item, file);
  }

  /** Queues an item whose file is available. */
  #setFile(item: UploadQueueItem, file: File): void {
    if (!this.#items.includes(item)) {
      item.releaseLock(); // it was cancelled meanwhile
      void this.#options.files.delete(item.memo.uploadId);
      return;
    }
    item.file = file;
    this.#set(item, { kind: item.isPaused ? "paused" : "queued" });
  }

  /** Starts the next queued upload if none is active. */
  #startNext(): void {
    if (this.#items.some(({ state }) => isActive(state))) return;
    const item = this.#items.find(({ state }) => state.kind === "queued");
    if (item?.file === undefined) return;
    this.#set(item, { kind: "connecting" });
    if (item.upload === undefined) {
      const { memo, file } = item;
      const upload = this.#options.startUpload(file, memo, {
        onState: (state) => this.#onUploadState(item, upload, state),
        onProgress: () => this.#notifier.notify(),
      });
      item.upload = upload;
      return;
    }
    item.upload.resume();
    item.upload.takeOver();
  }

  #onUploadState(item: UploadQueueItem, upload: FileUpload, state: FileUploadState): void {
    if (item.upload !== upload || !this.#items.includes(item)) return;
    switch (state.kind) {
      case "closed":
        return;
      case "paused":
        // It may have been resumed meanwhile; then it is queued.
        this.#set(item, item.isPaused ? state : { kind: "queued" });
        return;
      case "retrying":
        this.#set(item, {
          kind: "reconnecting",
          retryAt: this.#options.monotonicNow() + state.delayMs,
          reason: state.reason,
        });
        return;
      case "complete":
        void this.#deleteRecord(item);
        this.#set(item, state);
        this.#options.onComplete(state.upload);
        return;
      case "failed":
        if (state.error.remedy !== "refused") void this.#deleteRecord(item);
        this.#set(item, state);
        return;
      case "connecting":
      case "sending":
      case "verifying":
      case "taken-over":
        this.#set(item, state);
    }
  }

  #set(item: UploadQueueItem, state: QueueState): void {
    item.state = state;
    this.#notifier.notify();
    this.#startNext();
  }

  #saveRecord({ memo, isPaused, addedAt }: UploadQueueItem): void {
    this.#options.records.put({ memo, isPaused, addedAt });
  }

  async #deleteRecord({ memo, releaseLock }: UploadQueueItem): Promise<void> {
    this.#options.records.delete(memo.uploadId);
    await this.#options.files.delete(memo.uploadId);
    releaseLock();
  }

  #find(id: string): UploadQueueItem | undefined {
    return this.#items.find(({ memo }) => memo.uploadId === id);
  }
}
