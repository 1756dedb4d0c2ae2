import { runForPeer } from "../../transport/protection/current-peer.ts";
import { FairQueue } from "../../transport/protection/fair-queue.ts";
import { type Peer, SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { AppendOutcome, OrderStore } from "../store/order-store.ts";
import type { NewOrder } from "./encode-new-order.ts";

/** The outcome of a submitted order. */
export type SubmitOutcome = AppendOutcome | { readonly kind: "failed"; readonly error: unknown };

/** An order that waits for a commit. */
export interface SubmittedOrder extends NewOrder {
  /** Receives the outcome once: when the order is on the disk, or has failed. Must not throw. */
  readonly settle: (outcome: SubmitOutcome) => void;
}

/** The maximum number of orders in a commit. Larger groups gained nothing, and each order waits for its whole group. */
export const maxGroupOrders = 1_024;

/** The maximum number of orders that wait for a commit, over all streams: 50 MB of the largest. */
export const maxWaitingOrders = 8_192;

/** The limit on waiting orders, which clients share. A client at its limit is not read further. */
export const waitingOrderLimit = { name: "maxWaitingOrders", counted: "waiting orders", max: maxWaitingOrders };

/**
 * Commits the orders of all streams in groups (group commit): the orders that arrive during a commit are the next group.
 * So a hundred streams with one order each wait for the disk once, and so does one stream with a thousand orders.
 *
 * A group takes orders from all clients round-robin: however many orders a client sends, those of the others wait at most
 * for a commit or two.
 */
export class OrderIntake {
  readonly #store: OrderStore;
  readonly #limit: SharedLimit;
  readonly #waiting = new FairQueue<SubmittedOrder>();
  #blockedProducers: { readonly peer: Peer; readonly wake: () => void }[] = [];
  #isCommitting = false;

  /** @param limit default: {@link waitingOrderLimit}, all of which one client may use */
  constructor(store: OrderStore, limit = new SharedLimit(waitingOrderLimit)) {
    this.#store = store;
    this.#limit = limit;
  }

  /**
   * Queues an order of a client. Returns a promise if the client has reached its limit: submit the next order after it
   * has resolved.
   */
  submit(order: SubmittedOrder, peer?: Peer): Promise<void> | undefined {
    this.#waiting.push(peer, order);
    this.#limit.count(peer);
    if (!this.#isCommitting) {
      this.#isCommitting = true;
      // The group includes the orders that are submitted until then.
      runForPeer(undefined, () => setImmediate(() => void this.#commitAll()));
    }
    if (this.#limit.availableTo(peer) > 0) return undefined;
    return new Promise((wake) => this.#blockedProducers.push({ peer, wake }));
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.ownerCount > 0) {
      const group = this.#nextGroup();
      this.#wakeProducers();
      const outcomes = await this.#append(group);
      for (const [at, { settle }] of group.entries()) settle(outcomes[at] ?? failed(new Error("no outcome")));
    }
    this.#isCommitting = false;
  }

  /** Removes the next orders from the queue, from all clients round-robin. */
  #nextGroup(): SubmittedOrder[] {
    const group: SubmittedOrder[] = [];
    while (group.length < maxGroupOrders) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      group.push(next.item);
      this.#limit.remove(next.owner);
    }
    return group;
  }

  #wakeProducers(): void {
    const blocked = this.#blockedProducers;
    this.#blockedProducers = [];
    for (const producer of blocked) {
      if (this.#limit.availableTo(producer.peer) > 0) producer.wake();
      else this.#blockedProducers.push(producer);
    }
  }

  async #append(group: readonly SubmittedOrder[]): Promise<SubmitOutcome[]> {
    try {
      return await this.#store.append(group);
    } catch (error) {
      return group.map(() => failed(error));
    }
  }
}

function failed(error: unknown): SubmitOutcome {
  return { kind: "failed", error };
}
