/** The tables of candles after the newest migration. Integers are read as bigints, so that none is rounded. */
export interface CandleTables {
  candle: CandleTable;
  open_candle: OpenCandleTable;
}

/** A row is a complete candle. Times are whole microseconds since 1970. */
export interface CandleTable {
  symbol: string;
  /** The span of the candle. */
  span_seconds: bigint;
  open_time: bigint;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Null if the source has no volume. */
  volume: bigint | null;
  quote_count: bigint;
}

/** A row is the open candle of a symbol and a span. */
export interface OpenCandleTable extends CandleTable {
  /** The time of its newest quote. */
  newest_time: bigint;
  /** The volume of the session at its newest quote; null if the source has none. */
  session_volume: bigint | null;
}
