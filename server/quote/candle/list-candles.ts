import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { fromTimestamp, isValidTimestamp, type MicroTime, toTimestamp } from "../../../client/shared/micro-time.ts";
import { type Candle, CandleSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { ListCandlesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { NotFoundError } from "../../shared/resource-errors.ts";
import { spanOf } from "./candle-span.ts";
import type { Candles, ListedCandle } from "./candles.ts";

/** How many candles are listed where the request does not say. */
const defaultCandleLimit = 500;

export interface ListCandlesOptions {
  /** Knows which instruments there are. */
  readonly market: { has(symbol: string): boolean };
  readonly candles: Candles;
}

/** ListCandles. Throws a NotFoundError, and an InvalidFieldError for a range or an interval that is none. */
export async function listCandles(
  { symbol, interval, startTime, endTime, limit }: ListCandlesRequest,
  { market, candles }: ListCandlesOptions,
): Promise<{ candles: Candle[]; truncated: boolean }> {
  const span = spanOf(interval);
  if (span === undefined) throw new InvalidFieldError("interval", `there are no candles of interval ${interval}`);
  const start = timeOf("start_time", startTime) ?? Number.MIN_SAFE_INTEGER;
  const end = timeOf("end_time", endTime) ?? Number.MAX_SAFE_INTEGER;
  if (start >= end) throw new InvalidFieldError("end_time", "the range is empty: choose an end after the start");
  if (!market.has(symbol)) throw new NotFoundError("instrument", symbol);
  const list = await candles.list({ symbol, span, start, end, limit: limit || defaultCandleLimit });
  return { candles: list.candles.map(toCandle), truncated: list.truncated };
}

/** Candles begin with full seconds, so that what is finer than a microsecond moves a border to the next one. */
function timeOf(field: string, timestamp: Timestamp | undefined): MicroTime | undefined {
  if (timestamp === undefined) return undefined;
  if (!isValidTimestamp(timestamp)) throw new InvalidFieldError(field, "it is no time of the years 1 to 9999");
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
