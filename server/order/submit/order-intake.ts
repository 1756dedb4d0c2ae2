import { FairQueue } from "../../transport/protection/fair-queue.ts";
import { runForPeer } from "../../transport/protection/peer.ts";
import { type Peer, SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { AppendOutcome, OrderStore } from "../store/order-store.ts";
import type { NewOrder } from "./new-order.ts";

/** What a submitted order came to. */
export type SubmitOutcome = AppendOutcome | { readonly kind: "failed"; readonly error: unknown };

/** An order that waits for the disk. */
export interface SubmittedOrder extends NewOrder {
  /** Called once, when the order is on the disk or will not be. Must not throw. */
  readonly settle: (outcome: SubmitOutcome) => void;
}

/** How many orders one commit has: more gained nothing, and each waits for all. */
export const maxGroupOrders = 1_024;

/** How many orders wait for a commit, of all streams together: 50 MB of the largest. */
export const maxWaitingOrders = 8_192;

/** The limit on them, as clients share it: beyond it streams are read no further. */
export const waitingOrderLimit = { name: "maxWaitingOrders", counted: "waiting orders", max: maxWaitingOrders };

/**
 * Commits the orders of all streams in groups: whatever has come while one commit waited for the disk goes into the
 * next, so that a hundred streams with an order each take one wait, and so does one stream with a thousand.
 *
 * A group takes from all clients in turn: the orders of one wait for those of another no longer than a commit or two,
 * however many that one sends.
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

  /** Takes an order of a client. Where a promise comes back its queue is full: give no more before it is fulfilled. */
  submit(order: SubmittedOrder, peer?: Peer): Promise<void> | undefined {
    this.#waiting.push(peer, order);
    this.#limit.count(peer);
    if (!this.#isCommitting) {
      this.#isCommitting = true;
      // What else is at hand now comes along.
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

  /** The next orders, from all clients in turn. */
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
