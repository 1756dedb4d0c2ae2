import { CandleInterval } from "../../../gen/bourse/quote/v1/quote_pb.ts";

const hour = 3_600;
const day = 24 * hour;

/** How long candles may last, in seconds, the shortest first. */
export const candleSpans = [1, 60, 300, hour] as const;

export type CandleSpan = (typeof candleSpans)[number];

/**
 * How long complete candles are kept, in seconds before the newest of the same instrument and span: each time about
 * 20,000 candles, 1.5 MB, which is some screens of a chart.
 */
export const keptSeconds: Readonly<Record<CandleSpan, number>> = {
  1: day / 4,
  60: 14 * day,
  300: 60 * day,
  [hour]: 730 * day,
};

/** The span that a request asks for; undefined where it is none. */
export function spanOf(interval: CandleInterval): CandleSpan | undefined {
  switch (interval) {
    case CandleInterval.CANDLE_INTERVAL_1S:
      return 1;
    case CandleInterval.CANDLE_INTERVAL_1M:
      return 60;
    case CandleInterval.CANDLE_INTERVAL_5M:
      return 300;
    case CandleInterval.CANDLE_INTERVAL_1H:
      return hour;
    default:
      return undefined;
  }
}
