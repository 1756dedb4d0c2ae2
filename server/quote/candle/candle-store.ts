import type { MicroTime } from "../../../client/shared/micro-time.ts";

const hour = 3_600;
const day = 24 * hour;

/** The spans of candles, in seconds, the shortest first. */
export const candleSpans = [1, 60, 300, hour] as const;

export type CandleSpan = (typeof candleSpans)[number];

/**
 * How long complete candles are kept, in seconds before the newest of the same instrument and span. That is about
 * 20,000 candles, 1.5 MB, for each instrument and span: some screens of a chart.
 */
export const retentionSeconds: Readonly<Record<CandleSpan, number>> = {
  1: day / 4,
  60: 14 * day,
  300: 60 * day,
  [hour]: 730 * day,
};

/** The prices of one instrument in one span of time. */
export interface PriceCandle {
  readonly symbol: string;
  readonly span: CandleSpan;
  /** The start of the span: a multiple of the span. */
  readonly openTime: MicroTime;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Undefined if the source has no volume. */
  readonly volume: bigint | undefined;
  readonly quoteCount: number;
}

/** A candle that is not complete, with the data that is needed to continue it. */
export interface OpenCandle extends PriceCandle {
  /** The time of the newest tick in it. */
  readonly newestTime: MicroTime;
  /** The volume of the session at the newest tick; undefined if the source has none. */
  readonly sessionVolume: bigint | undefined;
}

/** Selects candles. */
export interface CandleQuery {
  readonly symbol: string;
  readonly span: CandleSpan;
  /** The earliest `openTime`. */
  readonly start: MicroTime;
  /** The `openTime` is before this. */
  readonly end: MicroTime;
  /** The maximum number of candles: the newest of the selected ones. */
  readonly limit: number;
}

/** The changes of candles since the previous save. */
export interface CandleChanges {
  /** Complete candles. They replace stored ones of the same symbol, span and time. */
  readonly complete: readonly PriceCandle[];
  /** Open candles, at most one for each symbol and span. They replace the stored open ones. */
  readonly open: readonly OpenCandle[];
}

/** Stores the candles of all instruments. Returns every value exactly as it was saved. */
export interface CandleStore {
  /** Stores changes, all or none. They survive a crash after the promise has resolved. */
  save(changes: CandleChanges): Promise<void>;

  /** Returns the open candle of each symbol and span that has one, in no order. */
  openCandles(): Promise<OpenCandle[]>;

  /** Returns complete candles, the oldest first. */
  list(query: CandleQuery): Promise<PriceCandle[]>;

  /**
   * Removes up to `max` complete candles of a symbol and a span that start before a time, the oldest first. Returns the
   * number of removed candles.
   */
  removeBefore(symbol: string, span: CandleSpan, time: MicroTime, max: number): Promise<number>;
}
