import type { Schedule } from "./notifier.ts";

/** Before the next frame is drawn. A hidden tab draws none, so the task waits until it is looked at again. */
export const eachFrame: Schedule = (task) => {
  requestAnimationFrame(task);
};

// Counters that change at every frame cannot be read; four times a second they can.
const readableMs = 250;

/** Four times a second. */
export const readably: Schedule = (task) => {
  setTimeout(task, readableMs);
};
