import { FairQueue } from "../transport/protection/fair-queue.ts";
import type { Peer } from "../transport/protection/shared-limit.ts";

/**
 * Hands out turns of the event loop to those who read in slices: one has each turn, from all clients alike, and of one
 * client in the order in which they ask. So the loop stands still for a slice at a time, however many read at once, and
 * between two slices everybody else is served.
 */
export class ReadTurns {
  readonly #waiting = new FairQueue<() => void>();
  #isGiving = false;

  /** Resolves in a turn of the loop of the caller's own: read at once, and no longer than a slice. */
  next(peer?: Peer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(peer, resolve);
    if (!this.#isGiving) setImmediate(this.#give);
    this.#isGiving = true;
    return promise;
  }

  readonly #give = () => {
    this.#waiting.shift()?.item();
    this.#isGiving = this.#waiting.peerCount > 0;
    if (this.#isGiving) setImmediate(this.#give); // which is in the next turn
  };
}
