import type { Schedule } from "./change-notifier.ts";

/** Runs a task before the next frame. A hidden tab draws no frames, so the task waits until the tab is visible. */
export const everyFrame: Schedule = (task) => {
  requestAnimationFrame(task);
};

/** Runs a task after 250 ms: counters that change more often are hard to read. */
export const every250ms: Schedule = (task) => {
  setTimeout(task, 250);
};
