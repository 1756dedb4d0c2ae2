import type { Timers } from "../timers.ts";

/** Timers for tests of what waits: short waits take no time, and nothing is ever late. */
export const noTime: Timers = {
  now: () => 0,
  after(millis, task) {
    if (millis > 10_000) return () => {};
    const immediate = setImmediate(task);
    return () => clearImmediate(immediate);
  },
};
