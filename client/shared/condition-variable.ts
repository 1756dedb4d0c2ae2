/**
 * A condition variable: one function waits until another one has changed the state that both share. A waiter resumes at
 * every notification, so it tests the state in a loop:
 *
 *     while (queue.isFull) await hasSpace.wait();
 *
 * No other callback may run between the test and `wait`, because a notification by that callback would be lost.
 */
export class Condition {
  #waiters: (() => void)[] = [];

  /** Resolves at the next notification. Earlier ones do not count. Never rejects. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resumes all waiters, in the order of their calls. */
  notifyAll(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    for (const resume of waiters) resume();
  }
}
