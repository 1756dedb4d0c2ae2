import { FairQueue } from "../transport/protection/fair-queue.ts";
import type { Peer } from "../transport/protection/shared-limit.ts";

/** Lets so many tasks run at a time; the others wait, and are started from all clients in turn. */
export class FairSemaphore {
  readonly #max: number;
  readonly #waiting = new FairQueue<() => void>();
  #running = 0;

  /** @param max how many tasks may run at a time, at least 1 */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many tasks run. */
  get running(): number {
    return this.#running;
  }

  /** Runs a task of a client when its turn has come. Settles as the task does. */
  async run<T>(peer: Peer, task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running++;
    else await new Promise<void>((start) => this.#waiting.push(peer, start));
    try {
      return await task();
    } finally {
      // Its place is handed to the next one.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next.item();
    }
  }
}
