import { create } from "@bufbuild/protobuf";
import { type MicroClock, microsPerMilli, microsPerSecond } from "../../../client/shared/micro-time.ts";
import { systemTimers, type Timers } from "../../../client/shared/timers.ts";
import { InstrumentSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { sleep } from "../../shared/sleep.ts";
import type { QuoteFeed, Tick } from "./quote-feed.ts";

/**
 * The instrument with the symbol TEST. Every server quotes it once a second, whatever its feed, so that a user can try
 * out a client at any hour.
 */
export const testInstrument = create(InstrumentSchema, {
  symbol: "TEST",
  name: "Test instrument, one tick a second",
  tickSize: 0.01,
  lotSize: 1n,
});

const secondsPerHour = 3_600;
const secondsPerDay = 86_400;

const lowestCents = 10_000;
const highestCents = lowestCents + secondsPerHour - 1;

export interface TestSymbolFeedOptions {
  readonly now: MicroClock;
  /** Default: {@link systemTimers}. */
  readonly timers?: Timers;
}

/**
 * Makes the feed of {@link testInstrument}. It publishes a tick at once, and then one at each full second of the clock.
 * It skips the seconds during which the machine slept. If the clock moves back, it pauses until the clock reaches the
 * newest tick again.
 */
export function testSymbolFeed({ now, timers = systemTimers }: TestSymbolFeedOptions): QuoteFeed {
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
        const microsToNextSecond = microsPerSecond - (now() % microsPerSecond);
        await sleep(timers, Math.ceil(microsToNextSecond / microsPerMilli), signal);
      }
    },
  };
}

/**
 * Returns the tick of TEST for a second, counted from 1970. The second alone determines each value, so that a client can
 * check all of them: the last price is 100 at each full hour and rises by 0.01 a second, bid and ask are 0.01 below and
 * above it; each tick is a trade of size 1, and a session is a UTC day.
 */
export function testTick(second: number): Tick {
  const cents = lowestCents + (second % secondsPerHour);
  const secondOfDay = second % secondsPerDay;
  return {
    symbol: testInstrument.symbol,
    sourceTime: second * microsPerSecond,
    bid: (cents - 1) / 100,
    ask: (cents + 1) / 100,
    bidSize: 100n,
    askSize: 100n,
    last: cents / 100,
    lastSize: 1n,
    volume: BigInt(secondOfDay + 1),
    open: lowestCents / 100,
    high: (secondOfDay < secondsPerHour ? cents : highestCents) / 100,
    low: lowestCents / 100,
    previousClose: highestCents / 100,
    sourceSeq: BigInt(second),
  };
}
