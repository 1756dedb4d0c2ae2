import type { CandleQuery, PriceCandle } from "./candle-store.ts";

/** A candle, and whether it is final. */
export interface ListedCandle extends PriceCandle {
  readonly complete: boolean;
}

export interface CandleList {
  /** The oldest first. */
  readonly candles: readonly ListedCandle[];
  /** Whether older ones were left out because of the limit. */
  readonly truncated: boolean;
}

/** The candles that can be asked for. */
export interface Candles {
  /** Those that there are when it is called, the open one included. */
  list(query: CandleQuery): Promise<CandleList>;
}
