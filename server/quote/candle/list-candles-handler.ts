import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { fromTimestamp, isValidTimestamp, type MicroTime, toTimestamp } from "../../../client/shared/micro-time.ts";
import { type Candle, CandleInterval, CandleSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { ListCandlesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { unknownInstrument } from "../quote-errors.ts";
import type { Candles, ListedCandle } from "./candle-aggregator.ts";
import type { CandleSpan } from "./candle-store.ts";

/** The number of candles if the request has no limit. */
const defaultCandleLimit = 500;

export interface ListCandlesOptions {
  /** Knows which symbols exist. */
  readonly market: { has(symbol: string): boolean };
  readonly candles: Candles;
}

/** Handles ListCandles. Throws a NotFoundError for an unknown symbol, an InvalidFieldError for a wrong range or interval. */
export async function listCandles(
  { symbol, interval, startTime, endTime, limit }: ListCandlesRequest,
  { market, candles }: ListCandlesOptions,
): Promise<{ candles: Candle[]; truncated: boolean }> {
  const span = spanOf(interval);
  if (span === undefined) throw new InvalidFieldError("interval", `there are no candles of interval ${interval}`);
  const start = timeOf("start_time", startTime) ?? Number.MIN_SAFE_INTEGER;
  const end = timeOf("end_time", endTime) ?? Number.MAX_SAFE_INTEGER;
  if (start >= end) throw new InvalidFieldError("end_time", "the range is empty: choose an end after the start");
  if (!market.has(symbol)) throw unknownInstrument(symbol);
  const list = await candles.list({ symbol, span, start, end, limit: limit || defaultCandleLimit });
  return { candles: list.candles.map(toCandle), truncated: list.truncated };
}

/** Rounds a time up to a microsecond. Candles start at full seconds, so the rounding does not change the selection. */
function timeOf(field: string, timestamp: Timestamp | undefined): MicroTime | undefined {
  if (timestamp === undefined) return undefined;
  if (!isValidTimestamp(timestamp)) throw new InvalidFieldError(field, "must be in the years 1 to 9999");
  const time = fromTimestamp(timestamp);
  if (time === undefined) return timestamp.seconds < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
  return timestamp.nanos % 1000 === 0 ? time : time + 1;
}

function toCandle(candle: ListedCandle): Candle {
  const { openTime, open, high, low, close, volume, quoteCount, complete } = candle;
  return create(CandleSchema, {
    openTime: toTimestamp(openTime),
    open,
    high,
    low,
    close,
    ...(volume !== undefined && { volume }),
    quoteCount: BigInt(quoteCount),
    complete,
  });
}

/** Returns the span of an interval; undefined for an unknown interval. */
function spanOf(interval: CandleInterval): CandleSpan | undefined {
  switch (interval) {
    case CandleInterval.CANDLE_INTERVAL_1S:
      return 1;
    case CandleInterval.CANDLE_INTERVAL_1M:
      return 60;
    case CandleInterval.CANDLE_INTERVAL_5M:
      return 300;
    case CandleInterval.CANDLE_INTERVAL_1H:
      return 3_600;
    default:
      return undefined;
  }
}
