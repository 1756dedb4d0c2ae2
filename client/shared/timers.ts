/** A clock that only goes forward, and timers. Tests pass one in whose time they move. */
export interface Timers {
  /** Milliseconds since some beginning. */
  now(): number;
  /** Runs a task once after so many milliseconds, unless the function that it returns is called before. */
  after(millis: number, task: () => void): () => void;
}

/** The platform's. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after(millis, task) {
    const timer = setTimeout(task, millis);
    return () => clearTimeout(timer);
  },
};
