import type { Peer } from "./transport/protection/shared-limit.ts";

/**
 * Lets so many tasks run at a time. The others wait, in a queue for each client, and are started from all queues in
 * turn: a client's task waits for one task of each other client at most before it, however many those have.
 */
export class FairSemaphore {
  readonly #max: number;
  /** By client, in the order in which they are served. None is empty. */
  readonly #queues = new Map<Peer, (() => void)[]>();
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
    else await this.#wait(peer);
    try {
      return await task();
    } finally {
      this.#startNext();
    }
  }

  #wait(peer: Peer): Promise<void> {
    return new Promise((start) => {
      const queue = this.#queues.get(peer);
      if (queue === undefined) this.#queues.set(peer, [start]);
      else queue.push(start);
    });
  }

  /** Hands the place of a task that has ended to the next one. */
  #startNext(): void {
    const [next] = this.#queues;
    if (next === undefined) {
      this.#running--;
      return;
    }
    const [peer, queue] = next;
    this.#queues.delete(peer);
    const start = queue.shift();
    if (queue.length > 0) this.#queues.set(peer, queue); // behind the others
    start?.();
  }
}
