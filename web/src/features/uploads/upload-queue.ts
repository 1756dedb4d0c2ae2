import type { FileUpload } from "../../../../client/upload/upload-file.ts";
import { isSameFile, newMemo, type UploadMemo } from "../../../../client/upload/upload-memo.ts";
import { blobSource } from "../../../../client/upload/upload-source.ts";
import type { FileUploadState } from "../../../../client/upload/upload-state.ts";
import type { Upload } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";
import type { Claims } from "./claims.ts";
import type { FileKeeper } from "./file-keeper.ts";
import { isActive, isOver, type QueueItem, type QueueState, type QueueView, viewOf } from "./queue-item.ts";
import type { UploadMemory } from "./upload-memory.ts";

/** The most uploads that the queue has: more rows cannot be looked through. */
export const maxQueued = 500;

/** What a queue needs from outside. */
export interface UploadQueueOptions {
  /** Begins an upload, or goes on with it. */
  begin(file: File, memo: UploadMemo, listeners: QueueListeners): FileUpload;
  /** Has the server forget an upload that is not under way here. */
  abort(uploadId: string): Promise<void>;
  readonly files: FileKeeper;
  readonly memory: UploadMemory;
  readonly claims: Claims;
  readonly schedule: Schedule;
  newId(): string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only grow. */
  clock(): number;
  /** Is told of each upload that is complete. */
  onComplete(upload: Upload): void;
}

interface QueueListeners {
  readonly onState: (state: FileUploadState) => void;
  readonly onProgress: () => void;
}

/** Uploads one after the other, over reloads and lost lines, outside React. */
export class UploadQueue {
  readonly #options: UploadQueueOptions;
  readonly #notifier: Notifier;
  #items: QueueItem[] = [];
  #views: readonly QueueView[] = [];
  #problem: string | undefined;
  #hasStarted = false;

  constructor(options: UploadQueueOptions) {
    this.#options = options;
    this.#notifier = new Notifier(options.schedule, () => {
      this.#views = this.#items.map(viewOf);
    });
  }

  /** Calls the listener after something changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** What is in the queue, the oldest first. The same array until something changes. */
  readonly views = (): readonly QueueView[] => this.#views;

  /** What went wrong with the last wish, in a sentence. */
  readonly problem = (): string | undefined => this.#problem;

  /** Goes on with what was begun before a reload. */
  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    for (const { memo, isPaused, addedAt } of this.#options.memory.all()) {
      const item = this.#newItem(memo, addedAt, isPaused);
      this.#items.push(item);
      void this.#recall(item);
    }
    void this.#dropStrays();
    this.#notifier.touch();
  }

  /** Takes files. One that an upload here waits for goes on with it. */
  add(files: readonly File[], productId: string): void {
    this.#problem = undefined;
    for (const file of files) {
      const source = blobSource(file);
      const known = this.#items.filter(
        ({ memo, state }) => memo.fileName === file.name && isSameFile(memo, source) && !isOver(state),
      );
      const waiting = known.filter(({ state }) => state.kind === "file-needed");
      for (const item of waiting) this.#give(item, file);
      if (waiting.length > 0 || known.some(({ memo }) => memo.productId === productId)) continue;
      if (this.#items.length >= maxQueued) {
        this.#problem = `The list is full: ${maxQueued} uploads. Take finished ones off first.`;
        break;
      }
      const item = this.#newItem(newMemo(source, productId, this.#options.newId), this.#options.now(), false);
      this.#items.push(item);
      this.#remember(item);
      void this.#claim(item).then(() => this.#give(item, file));
    }
    this.#notifier.touch();
  }

  pause(id: string): void {
    const item = this.#find(id);
    if (item === undefined || isOver(item.state)) return;
    item.isPaused = true;
    this.#remember(item);
    item.upload?.pause();
    if (item.state.kind === "queued") this.#set(item, { kind: "paused" });
  }

  resume(id: string): void {
    const item = this.#find(id);
    if (item === undefined || isOver(item.state)) return;
    item.isPaused = false;
    this.#remember(item);
    if (item.state.kind === "paused") this.#set(item, { kind: "queued" });
    else item.upload?.resume();
  }

  /** Takes an upload back that another program has gone on with. */
  takeOver(id: string): void {
    const item = this.#find(id);
    if (item?.state.kind === "taken-over") this.#set(item, { kind: "queued" });
  }

  /** Cuts the wait for the next attempt short. */
  retry(): void {
    for (const { upload } of this.#items) upload?.retry();
  }

  /** Tries a failed upload again: as it is where that may help, else anew. */
  again(id: string): void {
    const item = this.#find(id);
    if (item?.state.kind !== "failed" || item.file === undefined) return;
    const { file, memo } = item;
    item.upload = undefined;
    if (item.state.error.remedy !== "refused") {
      void this.#forget(item);
      item.memo = newMemo(blobSource(file), memo.productId, this.#options.newId);
      this.#remember(item);
      void this.#claim(item).then(() => this.#give(item, file));
    } else this.#give(item, file);
  }

  /** Takes an upload off the list, and has the server forget it unless it is complete. */
  async cancel(id: string): Promise<void> {
    const item = this.#find(id);
    if (item === undefined) return;
    const { state, upload, memo } = item;
    this.#items = this.#items.filter((other) => other !== item);
    void this.#forget(item);
    this.#pump();
    this.#notifier.touch();
    if (state.kind === "complete") return;
    try {
      await (upload?.cancel() ?? this.#options.abort(memo.uploadId));
    } catch {
      this.#problem = `The server could not be told that “${memo.fileName}” was cancelled: what it has of it will expire.`;
      this.#notifier.touch();
    }
  }

  /** Takes complete uploads off the list. */
  tidy(): void {
    this.#items = this.#items.filter(({ state }) => state.kind !== "complete");
    this.#notifier.touch();
  }

  #newItem(memo: UploadMemo, addedAt: number, isPaused: boolean): QueueItem {
    const state = { kind: "recalling" } as const;
    return { memo, addedAt, isPaused, state, file: undefined, upload: undefined, release: () => {} };
  }

  async #recall(item: QueueItem): Promise<void> {
    const { claims, memory, files } = this.#options;
    const { uploadId } = item.memo;
    const release = await claims.claim(uploadId);
    if (release !== undefined) item.release = release;
    else {
      this.#set(item, { kind: "elsewhere" });
      item.release = await claims.waitFor(uploadId);
      const remembered = memory.get(uploadId);
      if (remembered === undefined) {
        this.#items = this.#items.filter((other) => other !== item); // The other window has completed it.
        item.release();
        this.#notifier.touch();
        return;
      }
      item.isPaused = remembered.isPaused;
    }
    const file = await files.get(uploadId);
    if (file !== undefined && isSameFile(item.memo, blobSource(file))) this.#take(item, file);
    else if (item.file === undefined) this.#set(item, { kind: "file-needed" });
  }

  /** Drops files that nobody remembers: they would take the room of others. */
  async #dropStrays(): Promise<void> {
    const { files, memory } = this.#options;
    for (const id of await files.ids()) if (memory.get(id) === undefined) await files.drop(id);
  }

  async #claim(item: QueueItem): Promise<void> {
    item.release = (await this.#options.claims.claim(item.memo.uploadId)) ?? (() => {});
  }

  /** The user has given the file. */
  #give(item: QueueItem, file: File): void {
    void this.#options.files.keep(item.memo.uploadId, file);
    this.#take(item, file);
  }

  /** The file is there. */
  #take(item: QueueItem, file: File): void {
    if (!this.#items.includes(item)) {
      item.release(); // It was cancelled meanwhile.
      void this.#options.files.drop(item.memo.uploadId);
      return;
    }
    item.file = file;
    this.#set(item, { kind: item.isPaused ? "paused" : "queued" });
  }

  /** Has the next upload go on, where none is under way. */
  #pump(): void {
    if (this.#items.some(({ state }) => isActive(state))) return;
    const item = this.#items.find(({ state }) => state.kind === "queued");
    if (item?.file === undefined) return;
    this.#set(item, { kind: "connecting" });
    if (item.upload === undefined) {
      const { memo, file } = item;
      const upload = this.#options.begin(file, memo, {
        onState: (state) => this.#follow(item, upload, state),
        onProgress: () => this.#notifier.touch(),
      });
      item.upload = upload;
      return;
    }
    item.upload.resume();
    item.upload.takeOver();
  }

  #follow(item: QueueItem, upload: FileUpload, state: FileUploadState): void {
    if (item.upload !== upload || !this.#items.includes(item)) return;
    switch (state.kind) {
      case "closed":
        return;
      case "paused":
        // It may have been resumed meanwhile, and wait for its turn.
        this.#set(item, item.isPaused ? state : { kind: "queued" });
        return;
      case "retrying":
        this.#set(item, { kind: "waiting", retryAt: this.#options.clock() + state.delayMs, reason: state.reason });
        return;
      case "complete":
        void this.#forget(item);
        this.#set(item, state);
        this.#options.onComplete(state.upload);
        return;
      case "failed":
        if (state.error.remedy !== "refused") void this.#forget(item);
        this.#set(item, state);
        return;
      case "connecting":
      case "sending":
      case "verifying":
      case "taken-over":
        this.#set(item, state);
    }
  }

  #set(item: QueueItem, state: QueueState): void {
    item.state = state;
    this.#notifier.touch();
    this.#pump();
  }

  #remember({ memo, isPaused, addedAt }: QueueItem): void {
    this.#options.memory.put({ memo, isPaused, addedAt });
  }

  async #forget({ memo, release }: QueueItem): Promise<void> {
    this.#options.memory.forget(memo.uploadId);
    await this.#options.files.drop(memo.uploadId);
    release();
  }

  #find(id: string): QueueItem | undefined {
    return this.#items.find(({ memo }) => memo.uploadId === id);
  }
}
