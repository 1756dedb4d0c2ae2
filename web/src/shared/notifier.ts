/** Runs a task later, once. `requestAnimationFrame` is one, a timer another. */
export type Schedule = (task: () => void) => void;

/**
 * Tells listeners of changes at most once per turn of a schedule, however often `touch` is called. The base of a
 * store outside React: `subscribe` is what useSyncExternalStore takes.
 */
export class Notifier {
  readonly #listeners = new Set<() => void>();
  readonly #schedule: Schedule;
  readonly #prepare: () => void;
  #pending = false;

  /** @param prepare runs before the listeners: what they will read is made there, so that it is stable in between. */
  constructor(schedule: Schedule, prepare: () => void = () => {}) {
    this.#schedule = schedule;
    this.#prepare = prepare;
  }

  /** Adds a listener; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Says that something changed. The listeners hear of it on the schedule's next turn. */
  touch(): void {
    if (this.#pending) return;
    this.#pending = true;
    this.#schedule(() => {
      this.#pending = false;
      this.flush();
    });
  }

  /** Tells the listeners now. */
  flush(): void {
    this.#prepare();
    for (const listener of this.#listeners) listener();
  }
}
