import type { Timers } from "../../client/shared/timers.ts";
import { sleep } from "../shared/sleep.ts";

/** Waits before the next message of a stream. Rejects with the reason of `signal` if it aborts. */
export type MessageDelay = (signal: AbortSignal) => Promise<void>;

/** Creates a delay of `intervalMs` milliseconds; 0 waits only until the event loop has run once. */
export function createMessageDelay(intervalMs: number, timers: Timers): MessageDelay {
  return async (signal) => {
    await sleep(timers, intervalMs, signal);
    signal.throwIfAborted();
  };
}
