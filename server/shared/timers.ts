import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Resolves after `millis`, or as soon as `signal` aborts; never rejects. 0 waits for one turn of the event loop. May
 * resolve early where `millis` is more than {@link maxWaitMillis}: look at the clock again.
 */
export type Wait = (millis: number, signal: AbortSignal) => Promise<void>;

/** Calls `beat` every `millis` until the function that it returns is called. */
export type Interval = (millis: number, beat: () => void) => () => void;

/** The longest wait, 24 days: beyond it Node's timers overflow and fire at once. */
export const maxWaitMillis = 2 ** 31 - 1;

/** {@link Wait} with the system's timers. */
export const systemWait: Wait = async (millis, signal) => {
  if (signal.aborted) return;
  if (millis <= 0) return nextTurn();
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(millis, maxWaitMillis));
    signal.addEventListener("abort", end);
  });
};

/** {@link Interval} with the system's timers. */
export const systemInterval: Interval = (millis, beat) => {
  const timer = setInterval(beat, millis);
  return () => clearInterval(timer);
};
