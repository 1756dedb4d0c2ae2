import { type MicroTime, microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { CandleSpan } from "./candle-span.ts";
import type { OpenCandle, PriceCandle } from "./candle-store.ts";

type Growing = { -readonly [Field in keyof PriceCandle]: PriceCandle[Field] } & { newestTime: MicroTime };

// An int64 on the wire and in the store: sources that are wrong could add up to more.
const maxVolume = 2n ** 63n - 1n;

/** What a tick adds to candles. */
export interface PriceMove {
  readonly time: MicroTime;
  /** The first, highest, lowest and last price: all the same, unless the tick is a bar. */
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** How much was traded; undefined where the source does not tell. */
  readonly volume: bigint | undefined;
}

/** Gets what becomes of candles. */
export interface CandleSink {
  /** A candle is complete: a newer one of its series has begun. */
  complete(series: CandleSeries, candle: PriceCandle): void;
  /** A tick came too late for a candle, which is complete already. */
  late(): void;
}

/** The candles of one instrument and one span, of which one grows at a time. */
export class CandleSeries {
  readonly symbol: string;
  readonly span: CandleSpan;
  readonly #spanMicros: number;
  #growing: Growing | undefined;

  constructor(symbol: string, span: CandleSpan) {
    this.symbol = symbol;
    this.span = span;
    this.#spanMicros = span * microsPerSecond;
  }

  /** When the open candle begins; undefined before the first tick. */
  get openTime(): MicroTime | undefined {
    return this.#growing?.openTime;
  }

  /** When the open candle ends; undefined before the first tick. */
  get endTime(): MicroTime | undefined {
    return this.#growing && this.#growing.openTime + this.#spanMicros;
  }

  /** Goes on with an open candle that was stored. */
  restore({ sessionVolume: _, ...candle }: OpenCandle): void {
    this.#growing = { ...candle };
  }

  /** Adds a move to the candle of its time; a move that is older than the newest changes no close. */
  add(move: PriceMove, sink: CandleSink): void {
    const openTime = Math.floor(move.time / this.#spanMicros) * this.#spanMicros;
    const growing = this.#growing;
    if (growing !== undefined && openTime < growing.openTime) sink.late();
    else if (growing !== undefined && openTime === growing.openTime) grow(growing, move);
    else {
      this.#begin(openTime, move);
      if (growing !== undefined) sink.complete(this, withoutNewestTime(growing));
    }
  }

  /** The open candle as it is now; undefined before the first tick. */
  open(sessionVolume: bigint | undefined): OpenCandle | undefined {
    return this.#growing && { ...this.#growing, sessionVolume };
  }

  #begin(openTime: MicroTime, { time, open, high, low, close, volume }: PriceMove): void {
    const { symbol, span } = this;
    this.#growing = { symbol, span, openTime, open, high, low, close, volume, quoteCount: 1, newestTime: time };
  }
}

function grow(candle: Growing, move: PriceMove): void {
  if (move.high > candle.high) candle.high = move.high;
  if (move.low < candle.low) candle.low = move.low;
  if (move.time >= candle.newestTime) {
    candle.close = move.close;
    candle.newestTime = move.time;
  }
  if (move.volume !== undefined) candle.volume = capped((candle.volume ?? 0n) + move.volume);
  candle.quoteCount++;
}

function capped(volume: bigint): bigint {
  return volume > maxVolume ? maxVolume : volume;
}

function withoutNewestTime({ newestTime: _, ...candle }: Growing): PriceCandle {
  return candle;
}
