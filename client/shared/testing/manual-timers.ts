import type { Timers } from "../timers.ts";

interface Timer {
  readonly task: () => void;
  /** Undefined: runs once. */
  readonly periodMs: number | undefined;
  at: number;
}

/** Timers for tests. The time does not change until a test calls `advance`. */
export class ManualTimers implements Timers {
  readonly #timers = new Set<Timer>();
  #now = 0;

  /** The number of timers that run. */
  get count(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(millis: number, task: () => void): () => void {
    return this.#start({ task, periodMs: undefined, at: this.#now + millis });
  }

  every(millis: number, task: () => void): () => void {
    return this.#start({ task, periodMs: millis, at: this.#now + millis });
  }

  /** Advances the time. Runs the tasks that become due in order, each at its time. */
  advance(millis: number): void {
    const end = this.#now + millis;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = next.at;
      if (next.periodMs === undefined) this.#timers.delete(next);
      else next.at += next.periodMs;
      next.task();
    }
    this.#now = end;
  }

  #start(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}

/** From this time on {@link immediateTimers} take a task for a timeout, in milliseconds. Retries have shorter delays. */
const timeoutMs = 10_000;

/**
 * Timers for tests of code that retries. A task of less than 10 s runs in the next turn of the event loop. A task of
 * 10 s or more never runs, as a timeout that does not expire.
 */
export const immediateTimers: Timers = {
  now: () => 0,
  after(millis, task) {
    if (millis >= timeoutMs) return () => {};
    const immediate = setImmediate(task);
    return () => clearImmediate(immediate);
  },
  every: () => () => {},
};
