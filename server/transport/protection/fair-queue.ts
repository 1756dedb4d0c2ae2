import type { Peer } from "./shared-limit.ts";

/**
 * A queue for each client, served in turn: an item waits for one item of each other client at most before each of those
 * of its own client, however many those have. The items of a client keep their order.
 */
export class FairQueue<T> {
  /** By client, in the order in which they are served. None is empty. */
  readonly #queues = new Map<Peer, T[]>();

  /** How many clients have items. */
  get peerCount(): number {
    return this.#queues.size;
  }

  /** Adds an item of a client. */
  push(peer: Peer, item: T): void {
    const queue = this.#queues.get(peer);
    if (queue === undefined) this.#queues.set(peer, [item]);
    else queue.push(item);
  }

  /** Removes the next item; undefined if there is none. */
  shift(): { readonly peer: Peer; readonly item: T } | undefined {
    for (const [peer, queue] of this.#queues) {
      const item = queue.shift() as T;
      if (queue.length === 0) this.#queues.delete(peer);
      else if (this.#queues.size > 1) {
        this.#queues.delete(peer);
        this.#queues.set(peer, queue); // after the others
      }
      return { peer, item };
    }
    return undefined;
  }
}
