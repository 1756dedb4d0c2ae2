import { setTimeout as wait } from "node:timers/promises";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { Meter } from "./meter.ts";

const pollMs = 1;

/**
 * Measures the rate of a workload's counter, from the first increment to the first increment after the duration.
 * Rejects if the workload ends earlier.
 *
 * @param ended settles when the workload ends
 */
export async function measureRate(
  { pid, warmMs, measureMs }: LoadSettings,
  count: () => number,
  ended: Promise<void>,
): Promise<LoadResult> {
  const failed = ended.then(() => {
    throw new Error("the server ended a stream");
  });
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await Promise.race([wait(pollMs), failed]);
  };
  await Promise.race([wait(warmMs), failed]);
  await until(() => count() > 0);
  const before = count();
  const meter = new Meter(pid);
  await Promise.race([wait(measureMs), failed]);
  await until(() => count() > before);
  return meter.stop(count() - before);
}
