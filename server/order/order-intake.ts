import type { NewOrder } from "./new-order.ts";
import type { AppendOutcome, OrderStore } from "./order-store.ts";

/** What a submitted order came to. */
export type SubmitOutcome = AppendOutcome | { readonly kind: "failed"; readonly error: unknown };

/** An order that waits for the disk. */
export interface SubmittedOrder extends NewOrder {
  /** Told once, when the order is on the disk or will not be. Must not throw. */
  readonly settle: (outcome: SubmitOutcome) => void;
}

/** How many orders one commit has: more gained nothing, and each waits for all. */
export const maxGroupOrders = 1_024;

/** How many orders wait for a commit, of all streams together: 50 MB of the largest. */
export const maxWaitingOrders = 8_192;

/**
 * Commits the orders of all streams in groups: whatever has come while one commit waited for the disk goes into the
 * next, so that a hundred streams with an order each take one wait, and so does one stream with a thousand.
 */
export class OrderIntake {
  readonly #store: OrderStore;
  readonly #waiting: SubmittedOrder[] = [];
  readonly #roomless: (() => void)[] = [];
  #isCommitting = false;

  constructor(store: OrderStore) {
    this.#store = store;
  }

  /** Takes an order. Where a promise comes back the queue is full: give no more before it is fulfilled. */
  submit(order: SubmittedOrder): Promise<void> | undefined {
    this.#waiting.push(order);
    if (!this.#isCommitting) {
      this.#isCommitting = true;
      // What else is at hand now comes along.
      setImmediate(() => void this.#commitAll());
    }
    if (this.#waiting.length < maxWaitingOrders) return undefined;
    return new Promise((resolve) => this.#roomless.push(resolve));
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, maxGroupOrders);
      for (const wake of this.#roomless.splice(0)) wake();
      const outcomes = await this.#append(group);
      for (const [at, { settle }] of group.entries()) settle(outcomes[at] ?? failed(new Error("no outcome")));
    }
    this.#isCommitting = false;
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
