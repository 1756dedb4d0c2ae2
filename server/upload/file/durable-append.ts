import type { Timers } from "../../../client/shared/timers.ts";
import type { DiskFile } from "./disk-operations.ts";

/** The maximum number of bytes that wait to be written: two large writes, one in progress and one that fills. */
export const maxUnwrittenBytes = 1024 * 1024;

/**
 * The maximum number of bytes that are written and not yet committed. If it is reached, the disk is slower than the
 * client.
 */
export const maxUncommittedBytes = 16 * 1024 * 1024;

/**
 * How long a commit waits for another one to share its sync, in milliseconds, if recent commits came in pairs. A client
 * with two chunks in flight on a fast network sends the second one within a millisecond; a client that sends one chunk at
 * a time waits only once.
 */
export const groupCommitDelayMs = 5;

/** `immediate`: the sync starts at once. `grouped`: it may wait {@link groupCommitDelayMs} for the next commit. */
export type FlushMode = "immediate" | "grouped";

export interface DurableAppendOptions {
  readonly file: DiskFile;
  readonly timers: Timers;
  /** The length of the file in bytes. All of them are committed. */
  readonly start: number;
  /** Records an offset durably. Is called after all bytes before the offset are synced. */
  readonly commit: (offset: number) => Promise<void>;
  /** Is called when all bytes before `offset` are written and can be read. */
  readonly onWritten: (offset: number) => void;
  /** Is called when a sync of all bytes before `offset` starts. The processor is idle until it ends. */
  readonly onSyncStarted: (offset: number) => void;
  /** Is called when all bytes before `offset` are synced and recorded. */
  readonly onCommitted: (offset: number) => void;
  /** Is called when a write fails. The bytes from `offset` on are dropped. */
  readonly onDropped: (offset: number, error: unknown) => void;
  /** Is called when a sync fails. The disk may have lost written bytes: the append accepts nothing more. */
  readonly onSyncFailed: (error: unknown) => void;
}

/**
 * Appends to a file durably. At most one write and one sync are in progress. A write takes all bytes that have queued up
 * during the write before it, and a sync commits for all callers that waited when it started. Commits that come in pairs
 * share a sync: a sync with its row costs as much processor time as writing a MiB.
 *
 * At any time: committed offset <= written offset <= appended offset.
 */
export class DurableAppend {
  readonly #options: DurableAppendOptions;
  #queue: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #appended: number;
  #written: number;
  #committed: number;
  #isWriting = false;
  #isSyncing = false;
  readonly #waiters = new CommitWaiters();
  /** Whether a grouped commit recently shared a sync with another one, and no immediate commit came since. */
  #expectsPair = false;
  #cancelGroupDelay: (() => void) | undefined;
  #capacity: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  #syncFailure: unknown;

  constructor(options: DurableAppendOptions) {
    this.#options = options;
    this.#appended = options.start;
    this.#written = options.start;
    this.#committed = options.start;
  }

  /** Queues bytes, which must not change afterwards. */
  append(data: Uint8Array): void {
    this.#queue.push(data);
    this.#unwrittenBytes += data.byteLength;
    this.#appended += data.byteLength;
    if (!this.#isWriting) void this.#writeQueue();
  }

  /**
   * Returns undefined if there is capacity for more bytes, otherwise a promise that resolves when there is. The promise
   * rejects if written bytes cannot be recorded.
   */
  waitForCapacity(): Promise<void> | undefined {
    if (this.#hasCapacity()) return undefined;
    if (this.#unwrittenBytes < maxUnwrittenBytes) this.startCommit();
    this.#capacity ??= Promise.withResolvers();
    return this.#capacity.promise;
  }

  /** Resolves when all bytes before `upTo` are committed. Rejects if they are dropped or cannot be committed. */
  async commit(upTo: number, mode: FlushMode = "immediate"): Promise<void> {
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    if (upTo <= this.#committed) return;
    const committed = this.#waiters.wait(upTo);
    if (mode === "immediate") this.#expectsPair = false;
    else if (this.#waiters.count > 1) this.#expectsPair = true;
    this.#syncIfReady();
    await committed;
  }

  /** Starts to commit all appended bytes. A failure is reported by the next commit and by `onSyncFailed`. */
  startCommit(): void {
    this.commit(this.#appended).catch(() => {});
  }

  /** Whether no write and no sync is in progress or scheduled: the file may be closed. */
  get isIdle(): boolean {
    return !this.#isWriting && !this.#isSyncing && this.#cancelGroupDelay === undefined;
  }

  /** Resolves when no write and no sync is in progress or scheduled. */
  async waitUntilIdle(): Promise<void> {
    this.#expectsPair = false;
    this.#syncIfReady();
    if (this.isIdle) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  async #writeQueue(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0 && this.#syncFailure === undefined) {
      const parts = this.#queue;
      this.#queue = [];
      const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
      try {
        await this.#options.file.write(parts, this.#written);
      } catch (error) {
        this.#dropUnwritten(error);
        break;
      }
      this.#written += bytes;
      this.#unwrittenBytes -= bytes;
      this.#resolveCapacity();
      // If an earlier commit has failed, only another commit makes capacity.
      if (this.#capacity !== undefined) this.startCommit();
      this.#syncIfReady();
      this.#options.onWritten(this.#written);
    }
    this.#isWriting = false;
    this.#resolveIdle();
  }

  /** Starts a sync if all bytes that a caller waits for are written. The write in progress calls this again. */
  #syncIfReady(): void {
    const { last } = this.#waiters;
    if (last === undefined || last > this.#written || this.#isSyncing || this.#syncFailure !== undefined) return;
    if (this.#expectsPair && this.#waiters.count === 1) {
      this.#delaySync();
      return;
    }
    this.#cancelGroupDelay?.();
    this.#cancelGroupDelay = undefined;
    void this.#sync();
  }

  #delaySync(): void {
    this.#cancelGroupDelay ??= this.#options.timers.after(groupCommitDelayMs, () => {
      this.#cancelGroupDelay = undefined;
      this.#expectsPair = false;
      this.#syncIfReady();
      this.#resolveIdle();
    });
  }

  async #sync(): Promise<void> {
    this.#isSyncing = true;
    const end = this.#written;
    try {
      const synced = this.#options.file.syncData();
      this.#options.onSyncStarted(end);
      await synced;
    } catch (error) {
      // The kernel may have dropped the bytes: a later sync would succeed without them.
      // https://wiki.postgresql.org/wiki/Fsync_Errors
      this.#failSync(error);
      this.#options.onSyncFailed(error);
    }
    if (this.#syncFailure === undefined) await this.#record(end);
    this.#isSyncing = false;
    this.#syncIfReady();
    this.#resolveIdle();
  }

  async #record(end: number): Promise<void> {
    try {
      await this.#options.commit(end);
      this.#committed = end;
      this.#options.onCommitted(end);
      this.#waiters.resolveUpTo(end);
      this.#resolveCapacity();
    } catch (error) {
      this.#waiters.rejectUpTo(end, error);
      this.#capacity?.reject(error);
      this.#capacity = undefined;
    }
  }

  /** Drops the bytes that could not be written. Bytes that were written earlier can still be committed. */
  #dropUnwritten(error: unknown): void {
    this.#queue = [];
    this.#unwrittenBytes = 0;
    this.#appended = this.#written;
    this.#waiters.rejectBeyond(this.#written, error);
    this.#options.onDropped(this.#written, error);
    this.#resolveCapacity();
    this.#syncIfReady();
  }

  #failSync(error: unknown): void {
    this.#syncFailure = error;
    this.#waiters.rejectBeyond(0, error);
    this.#capacity?.resolve();
    this.#capacity = undefined;
  }

  /** Returns true after a failed sync, so that no caller waits forever: the next commit rejects with the failure. */
  #hasCapacity(): boolean {
    if (this.#syncFailure !== undefined) return true;
    return this.#unwrittenBytes < maxUnwrittenBytes && this.#written - this.#committed < maxUncommittedBytes;
  }

  #resolveCapacity(): void {
    if (this.#capacity === undefined || !this.#hasCapacity()) return;
    this.#capacity.resolve();
    this.#capacity = undefined;
  }

  #resolveIdle(): void {
    if (!this.isIdle) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}

interface Waiter {
  readonly upTo: number;
  readonly done: PromiseWithResolvers<void>;
}

/** The callers that wait for a commit, each for all bytes before an offset. */
class CommitWaiters {
  /** In the order of their offsets. */
  readonly #waiters: Waiter[] = [];

  get count(): number {
    return this.#waiters.length;
  }

  /** The largest offset that a caller waits for; undefined if no caller waits. */
  get last(): number | undefined {
    return this.#waiters.at(-1)?.upTo;
  }

  /** Settles when one of the methods below is called with an end that covers `upTo`. */
  wait(upTo: number): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiters.splice(this.#countUpTo(upTo), 0, { upTo, done });
    return done.promise;
  }

  resolveUpTo(end: number): void {
    for (const { done } of this.#waiters.splice(0, this.#countUpTo(end))) done.resolve();
  }

  rejectUpTo(end: number, error: unknown): void {
    for (const { done } of this.#waiters.splice(0, this.#countUpTo(end))) done.reject(error);
  }

  rejectBeyond(end: number, error: unknown): void {
    for (const { done } of this.#waiters.splice(this.#countUpTo(end))) done.reject(error);
  }

  #countUpTo(offset: number): number {
    const further = this.#waiters.findIndex(({ upTo }) => upTo > offset);
    return further < 0 ? this.#waiters.length : further;
  }
}
