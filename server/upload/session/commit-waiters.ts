interface Waiter {
  readonly upTo: number;
  readonly done: PromiseWithResolvers<void>;
}

/** Those who wait until a file is safe up to some offset. */
export class CommitWaiters {
  // In the order of their offsets.
  readonly #waiters: Waiter[] = [];

  get count(): number {
    return this.#waiters.length;
  }

  /** The last offset that somebody waits for. */
  get last(): number | undefined {
    return this.#waiters.at(-1)?.upTo;
  }

  /** Settles when all before `upTo` is answered for. */
  wait(upTo: number): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiters.splice(this.#countUpTo(upTo), 0, { upTo, done });
    return done.promise;
  }

  /** Answers those who wait for no more than what is before `end`. */
  resolve(end: number): void {
    for (const { done } of this.#waiters.splice(0, this.#countUpTo(end))) done.resolve();
  }

  /** Lets those down who wait for no more than what is before `end`. */
  reject(end: number, error: unknown): void {
    for (const { done } of this.#waiters.splice(0, this.#countUpTo(end))) done.reject(error);
  }

  /** Lets those down who wait for anything behind `end`. */
  rejectBeyond(end: number, error: unknown): void {
    for (const { done } of this.#waiters.splice(this.#countUpTo(end))) done.reject(error);
  }

  #countUpTo(offset: number): number {
    const further = this.#waiters.findIndex(({ upTo }) => upTo > offset);
    return further < 0 ? this.#waiters.length : further;
  }
}
