import type { Timers } from "../../../client/shared/timers.ts";
import { sleep } from "../../shared/sleep.ts";

/** Waits for the time between two messages of a stream that has a pace. Rejects with the signal's reason on its abort. */
export type Pace = (signal: AbortSignal) => Promise<void>;

/** A pace of one message every `intervalMs`; 0: as fast as the client takes them. */
export function paceOf(intervalMs: number, timers: Timers): Pace {
  return async (signal) => {
    await sleep(timers, intervalMs, signal);
    signal.throwIfAborted();
  };
}
