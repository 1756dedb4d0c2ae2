import { FairQueue } from "../transport/protection/fair-queue.ts";
import type { Peer } from "../transport/protection/shared-limit.ts";

/** Limits how many tasks run at a time. The other tasks wait and start round-robin over their clients. */
export class FairSemaphore {
  readonly #max: number;
  readonly #waiting = new FairQueue<() => void>();
  #running = 0;

  /** @param max the maximum number of tasks that run at a time, at least 1 */
  constructor(max: number) {
    this.#max = max;
  }

  /** The number of tasks that run. */
  get running(): number {
    return this.#running;
  }

  /** Runs a task of a client when fewer than `max` tasks run. Settles as the task does. */
  async run<T>(peer: Peer, task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running++;
    else await new Promise<void>((start) => this.#waiting.push(peer, start));
    try {
      return await task();
    } finally {
      // The next task takes the permit over, so the number does not change.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next.item();
    }
  }
}
