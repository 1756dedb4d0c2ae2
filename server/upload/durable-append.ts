import type { DiskFile } from "./disk.ts";

/** How many bytes may wait to be written: two large writes, one under way and one that fills. */
export const maxUnwrittenBytes = 1024 * 1024;

/** How many bytes may be written and not yet synced: beyond that the disk is slower than the client, who waits. */
export const maxUnsyncedBytes = 16 * 1024 * 1024;

export interface DurableAppendOptions {
  readonly file: DiskFile;
  /** How many bytes the file has: all of them are committed. */
  readonly start: number;
  /** Notes an offset durably; all bytes before it are synced. */
  readonly commit: (offset: number) => Promise<void>;
  /** All before `offset` is written, and can be read. */
  readonly onWritten: (offset: number) => void;
  /** All before `offset` is synced and noted. */
  readonly onCommitted: (offset: number) => void;
  /** Bytes could not be written: those from `offset` on are lost. */
  readonly onLost: (offset: number, error: unknown) => void;
  /** The disk may have lost what it had taken: nothing more is written. */
  readonly onDiskFailure: (error: unknown) => void;
}

interface Waiting {
  readonly upTo: number;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Appends to a file. Bytes are written in large pieces while more come in, and synced while more are written: at most
 * one write and one sync are under way, and a sync answers all that waited when it began.
 */
export class DurableAppend {
  readonly #options: DurableAppendOptions;
  #queue: Uint8Array[] = [];
  #unwritten = 0;
  #taken: number;
  #written: number;
  #committed: number;
  #writing = false;
  #syncing = false;
  // In the order of their offsets, as these only grow.
  readonly #waiting: Waiting[] = [];
  #room: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  #failure: unknown;

  constructor(options: DurableAppendOptions) {
    this.#options = options;
    this.#taken = options.start;
    this.#written = options.start;
    this.#committed = options.start;
  }

  /** How many bytes were taken and are not committed. */
  get uncommittedBytes(): number {
    return this.#taken - this.#committed;
  }

  /** Takes bytes, which must not change from now on. */
  append(data: Uint8Array): void {
    this.#queue.push(data);
    this.#unwritten += data.byteLength;
    this.#taken += data.byteLength;
    if (!this.#writing) void this.#write();
  }

  /**
   * Resolves when more may be appended; `undefined` where it may be at once. Rejects where what was written cannot be
   * committed.
   */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined;
    if (this.#unwritten < maxUnwrittenBytes) this.commitSoon();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Resolves when all before `upTo` is committed. Rejects where it cannot be, and is lost. */
  async commit(upTo: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (upTo <= this.#committed) return;
    const done = Promise.withResolvers<void>();
    const later = this.#waiting.findIndex((each) => each.upTo > upTo);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, { upTo, done });
    this.#syncIfDue();
    return done.promise;
  }

  /** Begins to commit what was taken so far. */
  commitSoon(): void {
    // Who needs to know of a failure waits for a commit of their own, or sees that the append has failed.
    this.commit(this.#taken).catch(() => {});
  }

  /** Whether nothing is under way: the file may be closed. */
  get isIdle(): boolean {
    return !this.#writing && !this.#syncing;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.isIdle) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#queue.length > 0 && this.#failure === undefined) {
      const parts = this.#queue;
      this.#queue = [];
      const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
      try {
        await this.#options.file.write(parts, this.#written);
      } catch (error) {
        this.#lose(error);
        break;
      }
      this.#written += bytes;
      this.#unwritten -= bytes;
      this.#options.onWritten(this.#written);
      this.#giveRoom();
      // Commits may have failed before: then nothing else would make room.
      if (this.#room !== undefined) this.commitSoon();
      this.#syncIfDue();
    }
    this.#writing = false;
    this.#tellIdle();
  }

  #syncIfDue(): void {
    const [first] = this.#waiting;
    if (first !== undefined && first.upTo <= this.#written && !this.#syncing && this.#failure === undefined) {
      void this.#sync();
    }
  }

  async #sync(): Promise<void> {
    this.#syncing = true;
    const end = this.#written;
    try {
      await this.#options.file.syncData();
    } catch (error) {
      // The kernel may have dropped what it could not write: whoever syncs again is told that all is well.
      this.#fail(error);
      this.#options.onDiskFailure(error);
    }
    if (this.#failure === undefined) await this.#note(end);
    this.#syncing = false;
    this.#syncIfDue();
    this.#tellIdle();
  }

  async #note(end: number): Promise<void> {
    try {
      await this.#options.commit(end);
      this.#committed = end;
      this.#options.onCommitted(end);
      for (const { done } of this.#takeWaiting(end)) done.resolve();
      this.#giveRoom();
    } catch (error) {
      for (const { done } of this.#takeWaiting(end)) done.reject(error);
      this.#room?.reject(error);
      this.#room = undefined;
    }
  }

  #takeWaiting(upTo: number): Waiting[] {
    const later = this.#waiting.findIndex((each) => each.upTo > upTo);
    return this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
  }

  /** What could not be written is forgotten; what was written before can still be committed. */
  #lose(error: unknown): void {
    this.#queue = [];
    this.#unwritten = 0;
    this.#taken = this.#written;
    for (const { done } of this.#waiting.splice(this.#takeableBelow(this.#written))) done.reject(error);
    this.#options.onLost(this.#written, error);
    this.#giveRoom();
  }

  #takeableBelow(written: number): number {
    const lost = this.#waiting.findIndex((each) => each.upTo > written);
    return lost < 0 ? this.#waiting.length : lost;
  }

  #fail(error: unknown): void {
    this.#failure = error;
    for (const { done } of this.#waiting.splice(0)) done.reject(error);
    this.#room?.resolve();
    this.#room = undefined;
  }

  #hasRoom(): boolean {
    if (this.#failure !== undefined) return true;
    return this.#unwritten < maxUnwrittenBytes && this.#written - this.#committed < maxUnsyncedBytes;
  }

  #giveRoom(): void {
    if (this.#room === undefined || !this.#hasRoom()) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #tellIdle(): void {
    if (!this.isIdle) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}
