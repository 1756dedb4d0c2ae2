import { type MicroTime, microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { Tick } from "./quote-feed.ts";
import type { Randomness } from "./randomness.ts";
import { acme } from "./simulated-company.ts";
import type { SimulatedInstrument } from "./simulated-instrument.ts";
import { SimulatedStock } from "./simulated-stock.ts";

/** The most ticks a second that can be asked for: far beyond what one process hands on. */
export const maxTicksPerSecond = 1_000_000;

// After a pause of the machine the market goes on from here, rather than make up for all that it missed.
const maxCatchUpMicros = microsPerSecond;

// ACME ticks once a second at least. Steps are short, and come late on a busy machine.
const maxAcmeSilenceMicros = 0.75 * microsPerSecond;

// How often another stock is drawn where one has ticked in the step already. Enough for that hardly ever to happen
// twice, while most stocks have not: a reader that keeps the newest quote of each stock then sees all of them.
const maxRedraws = 20;

/** All stocks of one run of the simulated feed, and which of them ticks when. The same chance gives the same ticks. */
export class SimulatedMarket {
  readonly #stocks: readonly SimulatedStock[];
  readonly #acme: SimulatedStock | undefined;
  /** For each stock the sum of the activities up to its own. */
  readonly #activitySums: readonly number[];
  readonly #ticksPerSecond: number;
  readonly #random: Randomness;
  #time: MicroTime;
  /** How many ticks are due. What is below one waits for the next step. */
  #due = 0;

  constructor(listed: readonly SimulatedInstrument[], ticksPerSecond: number, start: MicroTime, random: Randomness) {
    const ranks = activityRanks(listed, random);
    this.#stocks = listed.map((each, index) => new SimulatedStock(each, busyness(ranks[index] ?? 1), start, random));
    this.#acme = this.#stocks[listed.findIndex(isAcme)];
    this.#activitySums = runningSums(ranks.map((rank) => 1 / rank));
    this.#ticksPerSecond = ticksPerSecond;
    this.#random = random;
    this.#time = start;
  }

  /** The opening quote of each stock. */
  open(): Tick[] {
    return this.#stocks.map((stock) => stock.next(this.#time));
  }

  /** What has happened since the last step until `now`, in the order of time. Nothing where the clock went back. */
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
      const stock = this.#pickBeside(ticked);
      ticked.add(stock);
      this.#tick(stock, time, ticks);
    }
    if (this.#acme !== undefined && now - this.#acme.time >= maxAcmeSilenceMicros) this.#tick(this.#acme, now, ticks);
    return ticks;
  }

  /** A stock's own time may be ahead where the clock went back: it waits until the clock is there again. */
  #tick(stock: SimulatedStock, time: MicroTime, into: Tick[]): void {
    if (time >= stock.time) into.push(stock.next(time));
  }

  /** A stock that is not among `ticked`, where most are not. */
  #pickBeside(ticked: ReadonlySet<SimulatedStock>): SimulatedStock {
    let stock = this.#pick();
    const redraws = ticked.size * 2 < this.#stocks.length ? maxRedraws : 0;
    for (let redraw = 0; redraw < redraws && ticked.has(stock); redraw++) stock = this.#pick();
    return stock;
  }

  /** A stock, each as likely as it is active. */
  #pick(): SimulatedStock {
    const sums = this.#activitySums;
    const aim = this.#random.uniform() * (sums.at(-1) ?? 0);
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > aim) high = middle;
      else low = middle + 1;
    }
    return this.#stocks[low] as SimulatedStock;
  }
}

/** A stock's activity is one over its rank, so that few are busy and many are quiet. ACME has the first. */
function activityRanks(listed: readonly SimulatedInstrument[], random: Randomness): number[] {
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
