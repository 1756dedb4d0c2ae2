import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { Tick } from "../feed/quote-feed.ts";
import { CandleBuilder, type CandleSink, type PriceMove } from "./candle-builder.ts";
import { candleSpans, type OpenCandle } from "./candle-store.ts";
import { VolumeMeter } from "./volume-meter.ts";

// After a restart, the stored session volume is used only if the next tick is before the end of the open candle of the
// longest span. The trades since the volume was stored then all belong to that candle. If the next tick is later, the
// candles of those trades are not known.
const longestSpan = candleSpans.at(-1);

/** The candles of one instrument, for every span. */
export class InstrumentCandles {
  readonly #builders: readonly CandleBuilder[];
  readonly #volume = new VolumeMeter();
  #newestTime: MicroTime = Number.NEGATIVE_INFINITY;

  constructor(symbol: string) {
    this.#builders = candleSpans.map((span) => new CandleBuilder(symbol, span));
  }

  /** Continues a stored open candle of this instrument. */
  restore(candle: OpenCandle): void {
    const builder = this.#builders[candleSpans.indexOf(candle.span)];
    builder?.restore(candle);
    this.#newestTime = Math.max(this.#newestTime, candle.newestTime);
    if (candle.span === longestSpan) this.#volume.restore(candle.sessionVolume, builder?.endTime ?? 0);
  }

  /**
   * Adds a tick to the candles of its time. Ignores a tick without a price.
   *
   * @param isBar whether its open, high, low and volume are those of the bar, not those of the session
   */
  add(tick: Tick, isBar: boolean, sink: CandleSink): void {
    const close = priceOf(tick);
    if (close === undefined) return;
    const isLate = tick.sourceTime < this.#newestTime;
    if (!isLate) this.#newestTime = tick.sourceTime;
    const move = isBar ? bar(tick, close) : moment(tick, close, this.#volume.add(tick, isLate));
    for (const builder of this.#builders) builder.add(move, sink);
  }

  /** Returns the current open candles. */
  open(): OpenCandle[] {
    return this.#builders.map((builder) => builder.open(this.#volume.session)).filter((candle) => candle !== undefined);
  }
}

/** Returns the price of the last trade, else the middle between bid and ask, else the one of them that the tick has. */
function priceOf({ last, bid, ask }: Tick): number | undefined {
  if (last !== undefined) return last;
  return bid !== undefined && ask !== undefined ? middle(bid, ask) : (bid ?? ask);
}

/** Rounds to 15 digits: the middle of 1.17 and 1.18 is 1.175, not 1.1749999999999998. */
function middle(bid: number, ask: number): number {
  return Number((bid / 2 + ask / 2).toPrecision(15));
}

function moment(tick: Tick, price: number, volume: bigint | undefined): PriceMove {
  return { time: tick.sourceTime, open: price, high: price, low: price, close: price, volume };
}

function bar(tick: Tick, close: number): PriceMove {
  const open = tick.open ?? close;
  return {
    time: tick.sourceTime,
    open,
    high: Math.max(tick.high ?? close, open, close),
    low: Math.min(tick.low ?? close, open, close),
    close,
    volume: tick.volume,
  };
}
