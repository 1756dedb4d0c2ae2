import { StoreReadOnlyError } from "./storage-errors.ts";

/**
 * The health of the disk. Everything that writes to the data directory shares one object: the database, its WAL and the
 * files of uploads. After the first failure all writes are refused until the process ends, because a sync after a failed
 * one may succeed without the lost data: https://wiki.postgresql.org/wiki/Fsync_Errors.
 */
export class StoreHealth {
  readonly #listeners: ((error: unknown) => void)[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** Whether a write or a sync has failed, so that the store is read-only. */
  get isReadOnly(): boolean {
    return this.#failure !== undefined;
  }

  /** Calls `listener` once with the first failure; at once if there was one already. */
  onFailure(listener: (error: unknown) => void): void {
    if (this.#failure === undefined) this.#listeners.push(listener);
    else listener(this.#failure.error);
  }

  /** Throws a {@link StoreReadOnlyError} if the store is read-only. */
  assertWritable(): void {
    if (this.isReadOnly) throw new StoreReadOnlyError();
  }

  /** Makes the store read-only: the disk may have lost data that it had accepted. Only the first call has an effect. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const listener of this.#listeners.splice(0)) listener(error);
  }

  /** Calls {@link fail} if a system error means a failed disk. Returns whether the store is read-only. */
  check(error: unknown): boolean {
    if (diskFailures.has(codeOf(error))) this.fail(error);
    return this.isReadOnly;
  }

  /**
   * Waits for a sync, and rejects with its error. Every error makes the store read-only, even that of a full disk, because the kernel
   * has dropped the data. The exception is the limit of open files, because then no sync was attempted.
   */
  async guard(sync: Promise<void>): Promise<void> {
    try {
      await sync;
    } catch (error) {
      if (!tooManyFiles.has(codeOf(error))) this.fail(error);
      throw error;
    }
  }
}

/**
 * The system errors of a disk that is broken, removed or read-only. A full disk (ENOSPC, EDQUOT) is not one. ESTALE is an
 * error of NFS: another host has removed the file.
 */
const diskFailures: ReadonlySet<string> = new Set(["EIO", "EROFS", "ENODEV", "ENXIO", "ESTALE", "EUCLEAN"]);

/** The limit of open files is reached. Clients can cause it, so it must not make the store read-only. */
const tooManyFiles: ReadonlySet<string> = new Set(["EMFILE", "ENFILE"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
