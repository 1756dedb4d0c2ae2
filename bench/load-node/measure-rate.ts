import { setTimeout as wait } from "node:timers/promises";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { Meter } from "./meter.ts";

/**
 * Lets a work go on and measures how often its counter goes up. Rejects where the work ends meanwhile.
 *
 * @param ended settles when the work does
 */
export async function measureRate(
  { pid, warmMs, measureMs }: LoadSettings,
  count: () => number,
  ended: Promise<void>,
): Promise<LoadResult> {
  const failed = ended.then(() => {
    throw new Error("the server ended a stream");
  });
  await Promise.race([wait(warmMs), failed]);
  const before = count();
  const meter = new Meter(pid);
  await Promise.race([wait(measureMs), failed]);
  if (count() === before) throw new Error("the server has done nothing");
  return meter.stop(count() - before);
}
