import type { Timers } from "../../../client/shared/timers.ts";
import { CommitWaiters } from "../session/commit-waiters.ts";
import type { DiskFile } from "./disk.ts";

/** How many bytes may wait to be written: two large writes, one under way and one that fills. */
export const maxUnwrittenBytes = 1024 * 1024;

/** How many bytes may be written and not yet synced: beyond that the disk is slower than the client, who waits. */
export const maxUnsyncedBytes = 16 * 1024 * 1024;

/**
 * How long a chunk waits for the next one to be committed with it, in milliseconds, where the ones before came in pairs.
 * A client with two under way on a fast line sends the second within one; one that is alone waits once, and no more.
 */
export const gatherMs = 5;

/** Whether a commit begins at once, or may wait for another one that is to be expected. */
export type FlushMode = "now" | "with the next";

export interface DurableAppendOptions {
  readonly file: DiskFile;
  readonly timers: Timers;
  /** How many bytes the file has: all of them are committed. */
  readonly start: number;
  /** Notes an offset durably; all bytes before it are synced. */
  readonly commit: (offset: number) => Promise<void>;
  /** All before `offset` is written, and can be read. */
  readonly onWritten: (offset: number) => void;
  /** A sync of all before `offset` has begun: the processor has time until it is done. */
  readonly onSyncBegun: (offset: number) => void;
  /** All before `offset` is synced and noted. */
  readonly onCommitted: (offset: number) => void;
  /** Bytes could not be written: those from `offset` on are lost. */
  readonly onLost: (offset: number, error: unknown) => void;
  /** The disk may have lost what it had taken: nothing more is written. */
  readonly onDiskFailure: (error: unknown) => void;
}

/**
 * Appends to a file. Bytes are written in large pieces while more come in, and synced while more are written: at most
 * one write and one sync are under way, and a sync answers all that waited when it began. Chunks that come in pairs
 * share one: a sync and the row that notes it cost as much processor time as to write a MiB.
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
  readonly #waiters = new CommitWaiters();
  /** Whether commits that may wait had company lately, and nobody was in a hurry since. */
  #comeInPairs = false;
  #stopGathering: (() => void) | undefined;
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
  async commit(upTo: number, haste: FlushMode = "now"): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (upTo <= this.#committed) return;
    const committed = this.#waiters.wait(upTo);
    if (haste === "now") this.#comeInPairs = false;
    else if (this.#waiters.count > 1) this.#comeInPairs = true;
    this.#syncIfDue();
    await committed;
  }

  /** Begins to commit what was taken so far. */
  commitSoon(): void {
    // Who needs to know of a failure waits for a commit of their own, or sees that the append has failed.
    this.commit(this.#taken).catch(() => {});
  }

  /** Whether nothing is under way: the file may be closed. */
  get isIdle(): boolean {
    return !this.#writing && !this.#syncing && this.#stopGathering === undefined;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    this.#comeInPairs = false;
    this.#syncIfDue();
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
      this.#giveRoom();
      // Commits may have failed before: then nothing else would make room.
      if (this.#room !== undefined) this.commitSoon();
      this.#syncIfDue();
      this.#options.onWritten(this.#written);
    }
    this.#writing = false;
    this.#tellIdle();
  }

  /** Begins a sync when all that somebody waits for is written: what is being written is so in a moment. */
  #syncIfDue(): void {
    const { last } = this.#waiters;
    if (last === undefined || last > this.#written || this.#syncing || this.#failure !== undefined) return;
    if (this.#comeInPairs && this.#waiters.count === 1) {
      this.#gather();
      return;
    }
    this.#stopGathering?.();
    this.#stopGathering = undefined;
    void this.#sync();
  }

  #gather(): void {
    this.#stopGathering ??= this.#options.timers.after(gatherMs, () => {
      this.#stopGathering = undefined;
      this.#comeInPairs = false;
      this.#syncIfDue();
      this.#tellIdle();
    });
  }

  async #sync(): Promise<void> {
    this.#syncing = true;
    const end = this.#written;
    try {
      const synced = this.#options.file.syncData();
      this.#options.onSyncBegun(end);
      await synced;
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
      this.#waiters.resolve(end);
      this.#giveRoom();
    } catch (error) {
      this.#waiters.reject(end, error);
      this.#room?.reject(error);
      this.#room = undefined;
    }
  }

  /** What could not be written is forgotten; what was written before can still be committed. */
  #lose(error: unknown): void {
    this.#queue = [];
    this.#unwritten = 0;
    this.#taken = this.#written;
    this.#waiters.rejectBeyond(this.#written, error);
    this.#options.onLost(this.#written, error);
    this.#giveRoom();
    this.#syncIfDue();
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#waiters.rejectBeyond(0, error);
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
