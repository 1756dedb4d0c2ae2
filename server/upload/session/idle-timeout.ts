import type { Timers } from "../../../client/shared/timers.ts";

/** What a promise resolves to; `undefined` where that takes longer than so many ms. The promise goes on then. */
export async function withIdleTimeout<T>(
  timers: Timers,
  millis: number,
  promise: Promise<T> | undefined,
): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const cancel = timers.after(millis, () => late.resolve(undefined));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}
