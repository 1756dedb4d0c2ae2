/** The tables of candles as of the newest migration. Integers are read as bigints, so that none is rounded. */
export interface CandleTables {
  candle: CandleTable;
  open_candle: OpenCandleTable;
}

/** A complete candle a row. Times are whole microseconds since 1970. */
export interface CandleTable {
  symbol: string;
  /** How long it lasts. */
  span_seconds: bigint;
  open_time: bigint;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Null where the source does not tell it. */
  volume: bigint | null;
  quote_count: bigint;
}

/** A candle that goes on: one for each symbol and span. */
export interface OpenCandleTable extends CandleTable {
  /** The time of its newest quote. */
  newest_time: bigint;
  /** The session's volume at its newest quote; null where the source does not tell it. */
  session_volume: bigint | null;
}
