import type { Timers } from "../timers.ts";

/** Timers for tests: time passes when a test says so. */
export class ManualTimers implements Timers {
  readonly #tasks = new Set<{ readonly at: number; readonly task: () => void }>();
  #now = 0;

  /** How many timers run. */
  get count(): number {
    return this.#tasks.size;
  }

  now(): number {
    return this.#now;
  }

  after(millis: number, task: () => void): () => void {
    const entry = { at: this.#now + millis, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  /** Lets time pass. What becomes due runs in order, each at its time. */
  pass(millis: number): void {
    const end = this.#now + millis;
    for (;;) {
      const [next] = [...this.#tasks].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#tasks.delete(next);
      this.#now = next.at;
      next.task();
    }
    this.#now = end;
  }
}
