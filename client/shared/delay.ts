import type { Timers } from "./timers.ts";

/** Resolves after so many milliseconds. Rejects with the signal's reason where it aborts before. */
export function delay(timers: Timers, millis: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const give = () => reject(signal.reason);
  if (signal.aborted) give();
  signal.addEventListener("abort", give);
  const stop = timers.after(millis, resolve);
  return promise.finally(() => {
    stop();
    signal.removeEventListener("abort", give);
  });
}
