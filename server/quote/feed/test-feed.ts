import { type MicroClock, microsPerMilli, microsPerSecond } from "../../../client/shared/micro-time.ts";
import { systemWait, type Wait } from "../../shared/timers.ts";
import type { QuoteFeed } from "./quote-feed.ts";
import { testInstrument, testTick } from "./test-instrument.ts";

export interface TestFeedOptions {
  readonly now: MicroClock;
  /** Default: the system's timers. */
  readonly wait?: Wait;
}

/**
 * Quotes {@link testInstrument} at once, and then at each full second of the clock. Seconds that the machine slept
 * through are left out, and where the clock goes back it waits until the clock is there again.
 */
export function testFeed({ now, wait = systemWait }: TestFeedOptions): QuoteFeed {
  return {
    instruments: [testInstrument],
    async run(publish, signal) {
      let newest = Number.NEGATIVE_INFINITY;
      while (!signal.aborted) {
        const second = Math.floor(now() / microsPerSecond);
        if (second > newest) {
          publish([testTick(second)]);
          newest = second;
        }
        const early = microsPerSecond - (now() % microsPerSecond);
        await wait(Math.ceil(early / microsPerMilli), signal);
      }
    },
  };
}
