import type { MicroClock } from "../../../client/shared/micro-time.ts";
import { systemWait, type Wait } from "../../shared/timers.ts";
import { FeedError, maxInstruments, type QuoteFeed } from "./quote-feed.ts";
import { seededRandomness } from "./randomness.ts";
import { simulatedCompanies } from "./simulated-company.ts";
import { simulatedInstrument } from "./simulated-instrument.ts";
import { maxTicksPerSecond, SimulatedMarket } from "./simulated-market.ts";

/** The longest step between batches, in milliseconds: longer ones would be seen. */
const maxStepMillis = 100;

export interface SimulatedFeedOptions {
  readonly now: MicroClock;
  /** Default: the system's timers. */
  readonly wait?: Wait;
  /** The same seed and the same clock give the same ticks. Default: 1. */
  readonly seed?: number;
  /** How many instruments, from 1 (ACME alone) to {@link maxInstruments}. Default: 500. */
  readonly instruments?: number;
  /** How many ticks a second of all instruments together, up to {@link maxTicksPerSecond}. Default: 200. */
  readonly ticksPerSecond?: number;
  /** How long a batch is, in milliseconds, up to {@link maxStepMillis}. Default: 50. */
  readonly stepMillis?: number;
}

/**
 * A made-up market that opens with a quote of each instrument and then never stops: a few busy stocks and many quiet
 * ones, calm and wild spells, sessions of a UTC day. ACME is always there and ticks at least once a second.
 *
 * Throws a {@link FeedError} where an option is out of its range.
 */
export function simulatedFeed(options: SimulatedFeedOptions): QuoteFeed {
  const { now, wait = systemWait, seed = 1, instruments: count = 500 } = options;
  const { ticksPerSecond = 200, stepMillis = 50 } = options;
  checkRange("number of instruments", count, 1, maxInstruments);
  checkRange("number of ticks a second", ticksPerSecond, 1, maxTicksPerSecond);
  checkRange("step in milliseconds", stepMillis, 1, maxStepMillis);
  const random = seededRandomness(seed);
  const listed = simulatedCompanies(count, random).map((company) => simulatedInstrument(company, random));

  return {
    instruments: listed.map(({ instrument }) => instrument),
    async run(publish, signal) {
      if (signal.aborted) return;
      const market = new SimulatedMarket(listed, ticksPerSecond, now(), seededRandomness(~seed));
      publish(market.open());
      for (;;) {
        await wait(stepMillis, signal);
        if (signal.aborted) return;
        const ticks = market.advance(now());
        if (ticks.length > 0) publish(ticks);
      }
    },
  };
}

function checkRange(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new FeedError(`the simulated feed's ${what} is ${value}: choose a whole number from ${least} to ${most}`);
}
