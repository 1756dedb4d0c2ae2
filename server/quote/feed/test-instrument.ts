import { create } from "@bufbuild/protobuf";
import { microsPerSecond } from "../../../client/shared/micro-time.ts";
import { InstrumentSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { Tick } from "./quote-feed.ts";

/** The instrument that ticks every second whatever the feed, so that a client can be tried at any hour. */
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

/**
 * What TEST quotes in a second, counted from 1970. Everything follows from that number, so that a client can check
 * each value: the last price is 100 at each full hour and 0.01 more each second, bid and ask are 0.01 below and
 * above; each tick is a trade of 1, a session is a UTC day.
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
