import { type MicroTime, microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { CandleSpan, OpenCandle, PriceCandle } from "./candle-store.ts";

type MutableCandle = { -readonly [Field in keyof PriceCandle]: PriceCandle[Field] } & { newestTime: MicroTime };

// An int64 on the wire and in the store; the sum of wrong values from a source could exceed it.
const maxVolume = 2n ** 63n - 1n;

/** The change of the price that a tick adds to candles. */
export interface PriceMove {
  readonly time: MicroTime;
  /** The first, highest, lowest and last price: all equal unless the tick is a bar. */
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** The traded volume; undefined if the source has none. */
  readonly volume: bigint | undefined;
}

/** Receives complete candles and late ticks. */
export interface CandleSink {
  /** A candle is complete: a newer one of its series has started. */
  complete(builder: CandleBuilder, candle: PriceCandle): void;
  /** A tick arrived after its candle was complete, and is ignored. */
  late(): void;
}

/** Builds the candles of one instrument and one span, one after the other. One of them is open. */
export class CandleBuilder {
  readonly symbol: string;
  readonly span: CandleSpan;
  readonly #spanMicros: number;
  #open: MutableCandle | undefined;

  constructor(symbol: string, span: CandleSpan) {
    this.symbol = symbol;
    this.span = span;
    this.#spanMicros = span * microsPerSecond;
  }

  /** The start of the open candle; undefined before the first tick. */
  get openTime(): MicroTime | undefined {
    return this.#open?.openTime;
  }

  /** The end of the open candle; undefined before the first tick. */
  get endTime(): MicroTime | undefined {
    return this.#open && this.#open.openTime + this.#spanMicros;
  }

  /** Continues a stored open candle. */
  restore({ sessionVolume: _, ...candle }: OpenCandle): void {
    this.#open = { ...candle };
  }

  /** Adds a move to the candle of its time. A move that is older than the newest one does not change the close. */
  add(move: PriceMove, sink: CandleSink): void {
    const openTime = Math.floor(move.time / this.#spanMicros) * this.#spanMicros;
    const open = this.#open;
    if (open !== undefined && openTime < open.openTime) sink.late();
    else if (open !== undefined && openTime === open.openTime) grow(open, move);
    else {
      this.#start(openTime, move);
      if (open !== undefined) sink.complete(this, withoutNewestTime(open));
    }
  }

  /** Returns the current open candle; undefined before the first tick. */
  open(sessionVolume: bigint | undefined): OpenCandle | undefined {
    return this.#open && { ...this.#open, sessionVolume };
  }

  #start(openTime: MicroTime, { time, open, high, low, close, volume }: PriceMove): void {
    const { symbol, span } = this;
    this.#open = { symbol, span, openTime, open, high, low, close, volume, quoteCount: 1, newestTime: time };
  }
}

function grow(candle: MutableCandle, move: PriceMove): void {
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

function withoutNewestTime({ newestTime: _, ...candle }: MutableCandle): PriceCandle {
  return candle;
}
