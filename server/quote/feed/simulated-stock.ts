import { type MicroTime, microsPerDay, microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { Tick } from "./quote-feed.ts";
import type { Randomness } from "./randomness.ts";
import type { SimulatedInstrument } from "./simulated-instrument.ts";

// The price's standard deviation over a second, as a share of it: three times that of a stock that moves by a third
// in a year, so that something is to be seen.
const calmVolatility = 0.0004;

// Volatility comes in spells: its logarithm swings around 0 and forgets where it was within minutes.
const spellSeconds = 120;
const spellStrength = 0.7;

// The price is drawn home within a day, so that it fits its price step however long the server runs.
const homeSeconds = 86_400;

/** The price process of one stock: quote by quote, each a whole state. The same chance gives the same quotes. */
export class SimulatedStock {
  readonly #listed: SimulatedInstrument;
  readonly #random: Randomness;
  readonly #volatility: number;
  readonly #spread: number;
  #time: MicroTime;
  /** The logarithm of the price over its home, and that of the volatility over its usual. */
  #distance = 0;
  #spell = 0;
  // Prices of the book and of trades count in price steps.
  #bid = 0;
  #ask = 0;
  #last = 0;
  #lastSize = 0;
  #session = { day: Number.NaN, open: 0, high: 0, low: 0, volume: 0, previousClose: 0 };

  /**
   * @param busyness from 0, hardly traded, to 1, the busiest: busy stocks have narrow spreads
   * @param start when its first session opens
   */
  constructor(listed: SimulatedInstrument, busyness: number, start: MicroTime, random: Randomness) {
    this.#listed = listed;
    this.#random = random;
    this.#time = start;
    this.#volatility = calmVolatility * (0.5 + random.uniform());
    this.#spread = 0.0002 + 0.002 * (1 - busyness) ** 2;
    this.#distance = 0.03 * random.normal();
    this.#last = this.#level() * (1 + 0.01 * random.normal());
  }

  /** The time of its newest quote. */
  get time(): MicroTime {
    return this.#time;
  }

  /** Moves on to `time`, which is not before the one of its newest quote, and tells the state there. */
  next(time: MicroTime): Tick {
    this.#move((time - this.#time) / microsPerSecond);
    this.#time = time;
    this.#makeBook();
    const day = Math.floor(time / microsPerDay);
    // A book that has moved over the newest trade has traded on its way.
    const passed = this.#last < this.#bid || this.#last > this.#ask;
    if (day !== this.#session.day) this.#openSession(day);
    else if (passed || this.#random.uniform() < 0.5) this.#trade();
    return this.#tick();
  }

  #move(seconds: number): void {
    const forgets = Math.exp(-seconds / spellSeconds);
    this.#spell = this.#spell * forgets + spellStrength * Math.sqrt(1 - forgets * forgets) * this.#random.normal();
    const volatility = this.#volatility * Math.exp(this.#spell);
    const swings = Math.min(seconds, homeSeconds / 2);
    this.#distance *= Math.exp(-seconds / homeSeconds);
    this.#distance += volatility * Math.sqrt(swings) * this.#random.normal();
  }

  #makeBook(): void {
    const level = this.#level();
    const wide = level * this.#spread * Math.exp(this.#spell / 2) * (0.7 + 0.6 * this.#random.uniform());
    const spread = Math.max(1, Math.round(wide));
    this.#bid = Math.max(1, Math.round(level - spread / 2));
    this.#ask = this.#bid + spread;
  }

  #openSession(day: number): void {
    const previousClose = Math.max(1, Math.round(this.#last));
    this.#session = { day, open: 0, high: 0, low: Number.POSITIVE_INFINITY, volume: 0, previousClose };
    this.#trade();
    this.#session.open = this.#last;
  }

  #trade(): void {
    this.#last = this.#tradePrice();
    this.#lastSize = this.#lots(2);
    const session = this.#session;
    session.high = Math.max(session.high, this.#last);
    session.low = Math.min(session.low, this.#last);
    session.volume += this.#lastSize;
  }

  #tradePrice(): number {
    const side = this.#random.uniform();
    if (side < 0.45) return this.#bid;
    if (side < 0.9) return this.#ask;
    return this.#bid + this.#random.below(this.#ask - this.#bid + 1);
  }

  #lots(mean: number): number {
    return this.#listed.lotSize * (1 + Math.floor(mean * this.#random.exponential()));
  }

  /** The price that the process is at, in price steps. */
  #level(): number {
    return this.#listed.homePrice * Math.exp(this.#distance) * this.#listed.ticksPerUnit;
  }

  #tick(): Tick {
    const { instrument, ticksPerUnit } = this.#listed;
    const session = this.#session;
    return {
      symbol: instrument.symbol,
      sourceTime: this.#time,
      bid: this.#bid / ticksPerUnit,
      ask: this.#ask / ticksPerUnit,
      bidSize: BigInt(this.#lots(6)),
      askSize: BigInt(this.#lots(6)),
      last: this.#last / ticksPerUnit,
      lastSize: BigInt(this.#lastSize),
      volume: BigInt(session.volume),
      open: session.open / ticksPerUnit,
      high: session.high / ticksPerUnit,
      low: session.low / ticksPerUnit,
      previousClose: session.previousClose / ticksPerUnit,
    };
  }
}
