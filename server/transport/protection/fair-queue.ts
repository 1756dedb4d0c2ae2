import type { Peer } from "./shared-limit.ts";

/**
 * A queue for each owner, by default for each client, served round-robin: between two items of an owner there is at most
 * one of each other owner. The items of an owner keep their order.
 */
export class FairQueue<T, Owner = Peer> {
  /** The queues by owner, in the order in which they are served. None is empty. */
  readonly #queues = new Map<Owner, T[]>();

  /** The number of owners with items. */
  get ownerCount(): number {
    return this.#queues.size;
  }

  /** Adds an item of an owner. */
  push(owner: Owner, item: T): void {
    const queue = this.#queues.get(owner);
    if (queue === undefined) this.#queues.set(owner, [item]);
    else queue.push(item);
  }

  /** Removes and returns the next item; undefined if there is none. */
  shift(): { readonly owner: Owner; readonly item: T } | undefined {
    for (const [owner, queue] of this.#queues) {
      const item = queue.shift() as T;
      if (queue.length === 0) this.#queues.delete(owner);
      else if (this.#queues.size > 1) {
        this.#queues.delete(owner);
        this.#queues.set(owner, queue); // after the others
      }
      return { owner, item };
    }
    return undefined;
  }
}
