import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { CandleSpan } from "./candle-span.ts";

/** The prices of one instrument in one span of time. */
export interface PriceCandle {
  readonly symbol: string;
  readonly span: CandleSpan;
  /** When the span begins: a multiple of it. */
  readonly openTime: MicroTime;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Undefined where the source does not tell it. */
  readonly volume: bigint | undefined;
  readonly quoteCount: number;
}

/** A candle that is not complete, with what is needed to go on with it. */
export interface OpenCandle extends PriceCandle {
  /** The time of the newest tick in it. */
  readonly newestTime: MicroTime;
  /** The session's volume at its newest tick; undefined where the source does not tell it. */
  readonly sessionVolume: bigint | undefined;
}

/** Which candles are wanted. */
export interface CandleQuery {
  readonly symbol: string;
  readonly span: CandleSpan;
  /** They begin then or later. */
  readonly start: MicroTime;
  /** They begin before. */
  readonly end: MicroTime;
  /** How many at most: where there are more, the newest of them. */
  readonly limit: number;
}

/** What has happened to candles since the last time. */
export interface CandleChanges {
  /** Candles that are complete. One that is stored already is replaced. */
  readonly complete: readonly PriceCandle[];
  /** Candles that go on, at most one for each symbol and span: it takes the place of the one before. */
  readonly open: readonly OpenCandle[];
}

/** The candles of all instruments. Every value comes back exactly as it went in. */
export interface CandleStore {
  /** Stores changes, all or none. They survive a crash once the promise is fulfilled. */
  save(changes: CandleChanges): Promise<void>;

  /** The open candle of each symbol and span that has one, in no order. */
  openCandles(): Promise<OpenCandle[]>;

  /** Complete candles, the oldest first. Open ones are not among them. */
  list(query: CandleQuery): Promise<PriceCandle[]>;

  /**
   * Removes complete candles of a symbol and a span that begin before a time, the oldest first and at most `max`.
   * Resolves to how many it removed.
   */
  removeBefore(symbol: string, span: CandleSpan, time: MicroTime, max: number): Promise<number>;
}
