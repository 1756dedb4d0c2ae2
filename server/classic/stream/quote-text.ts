import { fromTimestamp } from "../../../client/shared/micro-time.ts";
import { formatTime } from "../../../client/shared/time-text.ts";
import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** A quote as a line, such as `ACME bid 101.2 ask 101.3 last 101.25 at 2026-01-05T14:30:00.000000Z`. */
export function quoteText({ symbol, bid, ask, last, sourceTime }: Quote): string {
  const time = sourceTime && fromTimestamp(sourceTime);
  return `${symbol} bid ${bid ?? "-"} ask ${ask ?? "-"} last ${last ?? "-"} at ${time === undefined ? "-" : formatTime(time)}`;
}
