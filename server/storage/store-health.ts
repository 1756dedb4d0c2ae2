import { StoreReadOnlyError } from "./storage-errors.ts";

/**
 * Whether the disk has kept what it was given. One object for all that is in the data directory: the database, its log
 * and the files of uploads. After the first failure everything that writes is refused until the process ends, because a
 * sync that follows a failed one proves nothing: https://wiki.postgresql.org/wiki/Fsync_Errors.
 */
export class StoreHealth {
  readonly #listeners: ((error: unknown) => void)[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** Whether a write or a sync has failed: the store is read-only. */
  get isReadOnly(): boolean {
    return this.#failure !== undefined;
  }

  /** Calls `listener` once with the first failure; now, if there was one already. */
  onFailure(listener: (error: unknown) => void): void {
    if (this.#failure === undefined) this.#listeners.push(listener);
    else listener(this.#failure.error);
  }

  /** Throws a {@link StoreReadOnlyError} if the store is read-only. */
  assertWritable(): void {
    if (this.isReadOnly) throw new StoreReadOnlyError();
  }

  /** The disk may have lost what it had accepted: the store is read-only from now on. Only the first call counts. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const listener of this.#listeners.splice(0)) listener(error);
  }

  /** {@link fail}, if it is an error of the system that speaks of a failed disk. Returns whether the store is read-only. */
  check(error: unknown): boolean {
    if (diskFailures.has(codeOf(error))) this.fail(error);
    return this.isReadOnly;
  }

  /**
   * Passes a sync on. An error of it makes the store read-only, a full disk too: the kernel has dropped what it had. Only
   * if nothing could be opened to be synced, because too many files are open, nothing is lost.
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
 * Errors of the system that say that the disk is broken, gone or read-only; a full one (ENOSPC, EDQUOT) is none of them.
 * ESTALE is NFS's: the file was removed by another host.
 */
const diskFailures: ReadonlySet<string> = new Set(["EIO", "EROFS", "ENODEV", "ENXIO", "ESTALE", "EUCLEAN"]);

/** Clients can bring this about: it must not make the store read-only. */
const tooManyFiles: ReadonlySet<string> = new Set(["EMFILE", "ENFILE"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
