/**
 * Runs asynchronous tasks one at a time, in the order in which {@link run} was called.
 *
 * The queue has no limit: callers bound the number of their tasks. A task must not wait for another task of the same
 * mutex: neither would ever end.
 */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** Whether a task runs or waits to run. */
  get isLocked(): boolean {
    return this.#pending > 0;
  }

  /** Runs a task after all earlier ones have settled, and settles as the task does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#pending++;
    const result = this.#last.then(task);
    this.#last = result.then(this.#release, this.#release);
    return result;
  }

  readonly #release = (): void => {
    this.#pending--;
  };
}
