import { delay, type Timers, yieldToEventLoop } from "../../client/shared/timers.ts";

/**
 * Resolves after `millis`, or as soon as `signal` aborts; never rejects. 0 yields to the event loop once. Resolves early
 * if `millis` is more than `maxTimerMs`: check the clock and sleep again.
 */
export async function sleep(timers: Timers, millis: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (millis <= 0) return yieldToEventLoop();
  try {
    await delay(timers, millis, signal);
  } catch {
    // The signal has aborted: the caller checks it.
  }
}
