import { type MicroTime, microsPerDay, microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { Random } from "../../shared/seeded-random.ts";
import type { Tick } from "./quote-feed.ts";
import type { SimulatedInstrument } from "./simulated-instruments.ts";

// The standard deviation of the price over a second, relative to the price. It is three times that of a stock that moves
// by a third in a year, so that a user sees the price move.
const calmVolatility = 0.0004;

// Volatility comes in spells: its logarithm is a random walk that reverts to 0 within minutes.
const spellSeconds = 120;
const spellStrength = 0.7;

// The price reverts to its mean within a day, so that its price step stays appropriate however long the server runs.
const reversionSeconds = 86_400;

/** The price process of one stock. Each quote is a complete state. The same random numbers give the same quotes. */
export class SimulatedStock {
  readonly #listed: SimulatedInstrument;
  readonly #random: Random;
  readonly #volatility: number;
  readonly #spread: number;
  #time: MicroTime;
  /** The logarithms of the price relative to its mean, and of the volatility relative to its mean. */
  #distance = 0;
  #spell = 0;
  // Prices of the book and of trades are in price steps.
  #bid = 0;
  #ask = 0;
  #last = 0;
  #lastSize = 0;
  #session = { day: Number.NaN, open: 0, high: 0, low: 0, volume: 0, previousClose: 0 };

  /**
   * @param busyness from 0 (hardly traded) to 1 (the busiest); busy stocks have narrow spreads
   * @param start the time at which its first session opens
   */
  constructor(listed: SimulatedInstrument, busyness: number, start: MicroTime, random: Random) {
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

  /** Advances the process to `time`, which is not before its newest quote, and returns the quote at that time. */
  next(time: MicroTime): Tick {
    this.#move((time - this.#time) / microsPerSecond);
    this.#time = time;
    this.#makeBook();
    const day = Math.floor(time / microsPerDay);
    // If the price of the newest trade is no longer between bid and ask, there was a trade.
    const hasTraded = this.#last < this.#bid || this.#last > this.#ask;
    if (day !== this.#session.day) this.#openSession(day);
    else if (hasTraded || this.#random.uniform() < 0.5) this.#trade();
    return this.#tick();
  }

  #move(seconds: number): void {
    const decay = Math.exp(-seconds / spellSeconds);
    this.#spell = this.#spell * decay + spellStrength * Math.sqrt(1 - decay * decay) * this.#random.normal();
    const volatility = this.#volatility * Math.exp(this.#spell);
    const effectiveSeconds = Math.min(seconds, reversionSeconds / 2);
    this.#distance *= Math.exp(-seconds / reversionSeconds);
    this.#distance += volatility * Math.sqrt(effectiveSeconds) * this.#random.normal();
  }

  #makeBook(): void {
    const level = this.#level();
    const width = level * this.#spread * Math.exp(this.#spell / 2) * (0.7 + 0.6 * this.#random.uniform());
    const spread = Math.max(1, Math.round(width));
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

  /** Returns the current price of the process, in price steps. */
  #level(): number {
    return this.#listed.meanPrice * Math.exp(this.#distance) * this.#listed.ticksPerUnit;
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
