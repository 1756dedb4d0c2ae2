import { type MicroClock, type MicroTime, microsPerSecond } from "../../../client/shared/micro-time.ts";
import { systemTimers, type Timers } from "../../../client/shared/timers.ts";
import { type Random, seededRandom } from "../../shared/seeded-random.ts";
import { sleep } from "../../shared/sleep.ts";
import { FeedError, maxInstruments, maxTicksPerSecond, type QuoteFeed, type Tick } from "./quote-feed.ts";
import { acme, type SimulatedInstrument, simulateInstruments } from "./simulated-instruments.ts";
import { SimulatedStock } from "./simulated-stock.ts";

/** The longest interval between batches, in milliseconds: a user would see a longer one. */
const maxStepMillis = 100;

// The maximum time that one step makes up for, in microseconds. After a longer interruption, such as a suspended
// machine, the market skips the rest.
const maxCatchUpMicros = microsPerSecond;

// ACME ticks at least once a second, although steps may be late on a busy machine.
const maxAcmeIdleMicros = 0.75 * microsPerSecond;

// How often another stock is drawn if the drawn one has already ticked in the same step. With this number hardly any
// stock ticks twice in a step while most have not ticked, so that a reader that conflates sees almost all ticks.
const maxRedraws = 20;

export interface SimulatedFeedOptions {
  readonly now: MicroClock;
  /** Default: {@link systemTimers}. */
  readonly timers?: Timers;
  /** The same seed and the same clock give the same ticks. Default: 1. */
  readonly seed?: number;
  /** The number of instruments, from 1 (ACME alone) to {@link maxInstruments}. Default: 500. */
  readonly instruments?: number;
  /** The number of ticks per second of all instruments together, up to {@link maxTicksPerSecond}. Default: 200. */
  readonly ticksPerSecond?: number;
  /** The interval between batches in milliseconds, up to {@link maxStepMillis}. Default: 50. */
  readonly stepMillis?: number;
}

/**
 * Makes the feed of a fictitious market. It opens with a quote of each instrument and never ends. Few stocks are busy
 * and many are quiet, volatility comes in spells, and a session is a UTC day. ACME ticks at least once a second.
 *
 * Throws a {@link FeedError} if an option is out of its range.
 */
export function simulatedFeed(options: SimulatedFeedOptions): QuoteFeed {
  const { now, timers = systemTimers, seed = 1, instruments: count = 500 } = options;
  const { ticksPerSecond = 200, stepMillis = 50 } = options;
  checkRange("number of instruments", count, 1, maxInstruments);
  checkRange("number of ticks a second", ticksPerSecond, 1, maxTicksPerSecond);
  checkRange("step in milliseconds", stepMillis, 1, maxStepMillis);
  const listed = simulateInstruments(count, seededRandom(seed));

  return {
    instruments: listed.map(({ instrument }) => instrument),
    async run(publish, signal) {
      if (signal.aborted) return;
      const market = new SimulatedMarket(listed, ticksPerSecond, now(), seededRandom(~seed));
      publish(market.open());
      for (;;) {
        await sleep(timers, stepMillis, signal);
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

/** The stocks of one run of the feed; decides which of them ticks when. The same random numbers give the same ticks. */
class SimulatedMarket {
  readonly #stocks: readonly SimulatedStock[];
  readonly #acme: SimulatedStock | undefined;
  /** For each stock the sum of the activities up to and including its own. */
  readonly #activitySums: readonly number[];
  readonly #ticksPerSecond: number;
  readonly #random: Random;
  #time: MicroTime;
  /** The number of ticks that are due. The fraction below one stays for the next step. */
  #due = 0;

  constructor(listed: readonly SimulatedInstrument[], ticksPerSecond: number, start: MicroTime, random: Random) {
    const ranks = activityRanks(listed, random);
    this.#stocks = listed.map((each, index) => new SimulatedStock(each, busyness(ranks[index] ?? 1), start, random));
    this.#acme = this.#stocks[listed.findIndex(isAcme)];
    this.#activitySums = runningSums(ranks.map((rank) => 1 / rank));
    this.#ticksPerSecond = ticksPerSecond;
    this.#random = random;
    this.#time = start;
  }

  /** Returns the opening quote of each stock. */
  open(): Tick[] {
    return this.#stocks.map((stock) => stock.next(this.#time));
  }

  /** Returns the ticks from the last step until `now`, in the order of time; none if the clock moved back. */
  advance(now: MicroTime): Tick[] {
    const elapsed = Math.min(now - this.#time, maxCatchUpMicros);
    const start = now - elapsed;
    this.#time = now;
    if (elapsed <= 0) return [];
    this.#due += (this.#ticksPerSecond * elapsed) / microsPerSecond;
    const count = Math.floor(this.#due);
    this.#due -= count;
    const ticks: Tick[] = [];
    const ticked = new Set<SimulatedStock>();
    for (let index = 0; index < count; index++) {
      const time = start + Math.floor((elapsed * (index + this.#random.uniform())) / count);
      const stock = this.#drawExcept(ticked);
      ticked.add(stock);
      addTick(stock, time, ticks);
    }
    if (this.#acme !== undefined && now - this.#acme.time >= maxAcmeIdleMicros) addTick(this.#acme, now, ticks);
    return ticks;
  }

  /** Draws a stock that is not in `ticked`, as long as that contains less than half of the stocks. */
  #drawExcept(ticked: ReadonlySet<SimulatedStock>): SimulatedStock {
    let stock = this.#draw();
    const redraws = ticked.size * 2 < this.#stocks.length ? maxRedraws : 0;
    for (let redraw = 0; redraw < redraws && ticked.has(stock); redraw++) stock = this.#draw();
    return stock;
  }

  /** Draws a stock with a probability that is proportional to its activity. */
  #draw(): SimulatedStock {
    const sums = this.#activitySums;
    const target = this.#random.uniform() * (sums.at(-1) ?? 0);
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return this.#stocks[low] as SimulatedStock;
  }
}

/** Skips a tick before the newest one of its stock: the clock moved back, and has not reached that time again. */
function addTick(stock: SimulatedStock, time: MicroTime, ticks: Tick[]): void {
  if (time >= stock.time) ticks.push(stock.next(time));
}

/** Ranks the stocks at random, ACME first. The activity of a stock is 1 / rank, so that few are busy and many quiet. */
function activityRanks(listed: readonly SimulatedInstrument[], random: Random): number[] {
  const order = listed.map((each) => ({ each, chance: isAcme(each) ? -1 : random.uniform() }));
  order.sort((a, b) => a.chance - b.chance);
  const ranks = new Map(order.map(({ each }, index) => [each, index + 1]));
  return listed.map((each) => ranks.get(each) ?? 1);
}

function busyness(rank: number): number {
  return 1 / Math.sqrt(rank);
}

function isAcme({ instrument }: SimulatedInstrument): boolean {
  return instrument.symbol === acme.symbol;
}

function runningSums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
