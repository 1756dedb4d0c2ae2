import type { Wait } from "../../shared/timers.ts";

/** Waits for the time between two messages of a stream that has a pace. Rejects with the signal's reason on its abort. */
export type Pace = (signal: AbortSignal) => Promise<void>;

/** A pace of one message every `intervalMs`; 0: as fast as the client takes them. */
export function paceOf(intervalMs: number, wait: Wait): Pace {
  return async (signal) => {
    await wait(intervalMs, signal);
    signal.throwIfAborted();
  };
}
