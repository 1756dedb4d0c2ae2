import type { Timers } from "../../client/shared/timers.ts";
import type { Problem } from "../logging/repeated-problem-log.ts";
import type { StoreHealth } from "../storage/store-health.ts";
import type { SessionRegistry } from "./session/session-registry.ts";
import type { UploadStore } from "./store/upload-store.ts";

/** The longest time that an upload without a committed byte is kept, in milliseconds. */
export const emptyExpiryMs = 5 * 60_000;

/** The time from the end of one sweep to the start of the next, in milliseconds. */
export const sweepIntervalMs = 10_000;

/** The maximum number of uploads that expire in one sweep, and of those that are deleted in it. */
const maxUploadsPerSweep = 100;

export interface ExpirySweepOptions {
  readonly sessions: SessionRegistry;
  readonly store: UploadStore;
  readonly health: StoreHealth;
  /**
   * The time without a change after which an upload expires, in milliseconds. Its row is deleted when the same time has
   * passed a second time.
   */
  readonly expiryMs: number;
  readonly timers: Timers;
  /** Microseconds since 1970. */
  readonly nowMicros: () => number;
  /** Gets the errors of sweeps. Default: they are not reported. */
  readonly problem?: Problem | undefined;
}

/**
 * Sweeps periodically: closes idle sessions, expires uploads that do not progress, deletes the rows of uploads that ended
 * long ago, and deletes uploads without a committed byte. Disposing of it stops the sweeps.
 */
export class ExpirySweep implements AsyncDisposable {
  readonly #options: ExpirySweepOptions;
  /** The uploads without a byte that are being deleted. */
  readonly #deletions = new Map<string, Promise<void>>();
  #cancelNext: (() => void) | undefined;
  #current: Promise<void> = Promise.resolve();

  constructor(options: ExpirySweepOptions) {
    this.#options = options;
    this.#schedule();
  }

  get expiryMs(): number {
    return this.#options.expiryMs;
  }

  /** The expiry of an upload without a committed byte, in milliseconds. */
  get emptyExpiryMs(): number {
    return Math.min(emptyExpiryMs, this.#options.expiryMs);
  }

  /** Resolves when the upload is not being deleted: a start that waits for this creates it again. */
  async waitForDeletion(id: string): Promise<void> {
    await this.#deletions.get(id);
  }

  /** Stops the sweeps and waits for the current one. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    await this.#current;
  }

  #schedule(): void {
    this.#cancelNext = this.#options.timers.after(sweepIntervalMs, () => {
      this.#current = this.#sweepAndReport().then(() => {
        if (this.#cancelNext !== undefined) this.#schedule();
      });
    });
  }

  /** Never rejects: the next sweep tries again. */
  async #sweepAndReport(): Promise<void> {
    const { health, problem } = this.#options;
    try {
      await this.#sweep();
      problem?.resolve();
    } catch (error) {
      if (!health.check(error)) problem?.report(error);
    }
  }

  async #sweep(): Promise<void> {
    const { sessions, health, expiryMs, nowMicros } = this.#options;
    await sessions.closeIdle();
    if (health.isReadOnly) return;
    const beforeMicros = nowMicros() - expiryMs * 1_000;
    await this.#expire(beforeMicros);
    await this.#deleteEmpty(nowMicros() - this.emptyExpiryMs * 1_000);
    await this.#deleteEnded(beforeMicros);
  }

  /** Uploads in use do not expire, and may stay the oldest ones, so the limit of a sweep is raised by their number. */
  get #limit(): number {
    return maxUploadsPerSweep + this.#options.sessions.count;
  }

  async #expire(beforeMicros: number): Promise<void> {
    const { sessions, store } = this.#options;
    for (const { id } of await store.unchangedSince(["open", "damaged"], beforeMicros, this.#limit)) {
      if (!(await sessions.isInUse(id))) await sessions.use(id, (session) => session.expire(beforeMicros, "any"));
    }
  }

  async #deleteEmpty(beforeMicros: number): Promise<void> {
    const { sessions, store } = this.#options;
    for (const { id } of await store.unchangedSince(["open"], beforeMicros, this.#limit, "empty")) {
      if (await sessions.isInUse(id)) continue;
      const deletion = this.#deleteIfEmpty(id, beforeMicros).finally(() => this.#deletions.delete(id));
      // A start that waits for a failed deletion finds the stored upload.
      this.#deletions.set(
        id,
        deletion.catch(() => {}),
      );
      await deletion;
    }
  }

  async #deleteIfEmpty(id: string, beforeMicros: number): Promise<void> {
    const { sessions, store } = this.#options;
    const { phase, committed } = await sessions.use(id, (session) => session.expire(beforeMicros, "empty"));
    if (phase === "expired" && committed === 0) await store.remove(id);
  }

  async #deleteEnded(beforeMicros: number): Promise<void> {
    const { sessions, store } = this.#options;
    for (const { id } of await store.unchangedSince(["aborted", "expired"], beforeMicros, maxUploadsPerSweep)) {
      await sessions.close(id);
      await store.remove(id);
    }
  }
}
