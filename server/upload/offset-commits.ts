import type { UploadStore } from "./upload-store.ts";

interface Waiting {
  readonly id: string;
  readonly committed: number;
  readonly done: PromiseWithResolvers<number>;
}

/**
 * Writes the offsets of all uploads that are ready in one transaction, while those that become ready meanwhile wait for
 * the next one: the disk is flushed as often for many uploads as for one.
 */
export class OffsetCommits {
  readonly #store: UploadStore;
  readonly #nowMicros: () => number;
  // Each upload has one commit under way at most: there are never more than open uploads.
  #waiting: Waiting[] = [];
  #running = false;

  constructor(store: UploadStore, nowMicros: () => number) {
    this.#store = store;
    this.#nowMicros = nowMicros;
  }

  /** Resolves when the offset is on the disk, to the time that the row has then, in microseconds since 1970. */
  commit(id: string, committed: number): Promise<number> {
    const done = Promise.withResolvers<number>();
    this.#waiting.push({ id, committed, done });
    if (!this.#running) void this.#run();
    return done.promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const updateMicros = this.#nowMicros();
      try {
        await this.#store.commitOffsets(batch.map(({ id, committed }) => ({ id, committed, updateMicros })));
        for (const { done } of batch) done.resolve(updateMicros);
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    this.#running = false;
  }
}
