/** Runs a task once, later. */
export type Schedule = (task: () => void) => void;

/**
 * Notifies listeners of changes, at most once per run of its schedule. The base of a store outside React: `subscribe` is
 * the first argument of `useSyncExternalStore`.
 */
export class ChangeNotifier {
  readonly #listeners = new Set<() => void>();
  readonly #schedule: Schedule;
  readonly #prepare: () => void;
  #isScheduled = false;

  /** @param prepare runs before the listeners. It creates the snapshot that they read, which must be stable after it. */
  constructor(schedule: Schedule, prepare: () => void = () => {}) {
    this.#schedule = schedule;
    this.#prepare = prepare;
  }

  /** Adds a listener. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Schedules a notification. */
  notify(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Notifies the listeners immediately. */
  flush(): void {
    this.#prepare();
    for (const listener of this.#listeners) listener();
  }
}
