/**
 * Hands out turns of the event loop to those who read in slices: one has each turn, in the order in which they ask. So
 * the loop stands still for a slice at a time, however many read at once, and between two slices everybody else is served.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = [];
  #isGiving = false;

  /** Resolves in a turn of the loop of the caller's own: read at once, and no longer than a slice. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (!this.#isGiving) setImmediate(this.#give);
    this.#isGiving = true;
    return promise;
  }

  readonly #give = () => {
    this.#waiting.shift()?.();
    this.#isGiving = this.#waiting.length > 0;
    if (this.#isGiving) setImmediate(this.#give); // which is in the next turn
  };
}
