import type { UploadRecord } from "../store/upload-record.ts";
import { uploadNotFound } from "../upload-errors.ts";
import { type UploadDependencies, UploadSession } from "./upload-session.ts";

/** How long a session without users stays open, in milliseconds. Its file stays open, too. */
export const idleSessionMs = 30_000;

interface OpenSession {
  readonly session: UploadSession;
  /** The number of tasks that use the session. */
  users: number;
  /** The time of the last use, in milliseconds of the timers. */
  lastUseMs: number;
}

/** The open sessions, at most one for each upload. A session is opened on first use and shared by all tasks. */
export class SessionRegistry {
  readonly #dependencies: UploadDependencies;
  readonly #sessions = new Map<string, Promise<OpenSession>>();

  constructor(dependencies: UploadDependencies) {
    this.#dependencies = dependencies;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** The session of an upload, if it is open. */
  async find(id: string): Promise<UploadSession | undefined> {
    return (await this.#find(id))?.session;
  }

  /** Whether a task uses the session of an upload. */
  async isInUse(id: string): Promise<boolean> {
    const open = await this.#find(id);
    return open !== undefined && open.users > 0;
  }

  /**
   * Runs a task on the session of an upload. The session stays open during the task.
   *
   * @param create creates the upload if there is none. Default: the call rejects with the error of {@link uploadNotFound}.
   */
  async use<T>(
    id: string,
    task: (session: UploadSession) => Promise<T>,
    create?: () => Promise<UploadRecord>,
  ): Promise<T> {
    const open = await this.#acquire(id, create);
    try {
      return await task(open.session);
    } finally {
      open.users--;
      open.lastUseMs = this.#dependencies.timers.now();
      const { phase } = open.session.view;
      if (open.users === 0 && phase !== "open" && phase !== "verifying") await this.close(id);
    }
  }

  /** Closes the sessions that had no user for {@link idleSessionMs}, unless a hash is being computed. */
  async closeIdle(): Promise<void> {
    for (const id of this.#sessions.keys()) {
      const open = await this.#find(id);
      if (open === undefined || open.users > 0 || open.session.view.phase === "verifying") continue;
      if (this.#dependencies.timers.now() - open.lastUseMs >= idleSessionMs) await this.close(id);
    }
  }

  /** Commits all received bytes and closes the session of an upload, if it is open. The next use opens it again. */
  async close(id: string): Promise<void> {
    const opening = this.#sessions.get(id);
    const open = await opening?.catch(() => undefined);
    if (open === undefined || this.#sessions.get(id) !== opening) return;
    await open.session.commit().catch(() => {}); // Bytes that cannot be committed were not acknowledged.
    await open.session.close();
    if (open.users === 0 && this.#sessions.get(id) === opening) this.#sessions.delete(id);
  }

  async closeAll(): Promise<void> {
    for (const id of [...this.#sessions.keys()]) await this.close(id);
  }

  #find(id: string): Promise<OpenSession | undefined> | undefined {
    return this.#sessions.get(id)?.catch(() => undefined);
  }

  async #acquire(id: string, create?: () => Promise<UploadRecord>): Promise<OpenSession> {
    for (;;) {
      const opening = this.#sessions.get(id) ?? this.#open(id, create);
      const open = await opening;
      // The session may have been closed in the meantime.
      if (this.#sessions.get(id) !== opening) continue;
      open.users++;
      return open;
    }
  }

  #open(id: string, create?: () => Promise<UploadRecord>): Promise<OpenSession> {
    const { store, timers } = this.#dependencies;
    const opening = (async () => {
      const record = (await store.get(id)) ?? (await create?.());
      if (record === undefined) throw uploadNotFound(id);
      return { session: new UploadSession(record, this.#dependencies), users: 0, lastUseMs: timers.now() };
    })();
    this.#sessions.set(id, opening);
    opening.catch(() => this.#sessions.delete(id));
    return opening;
  }
}
