import type { Timers } from "../../../client/shared/timers.ts";

/** Chunks that have come before the one that precedes them. Each call that waits is one; their number is bounded there. */
export class OutOfOrderChunks {
  readonly #timers: Timers;
  readonly #waiting = new Set<{ readonly offset: number; readonly wake: () => void }>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Resolves when the bytes before `offset` have come, or when they have not within so many ms. */
  async wait(offset: number, millis: number): Promise<"woken" | "late"> {
    const { promise, resolve } = Promise.withResolvers<"woken" | "late">();
    const held = { offset, wake: () => resolve("woken") };
    this.#waiting.add(held);
    const cancel = this.#timers.after(millis, () => resolve("late"));
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting.delete(held);
    }
  }

  /** All before `received` has come; infinity wakes all. */
  wake(received: number): void {
    for (const held of this.#waiting) if (held.offset <= received) held.wake();
  }
}
