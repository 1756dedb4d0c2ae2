import { fromTimestamp } from "../client/shared/micro-time.ts";
import { formatTime } from "../client/shared/time-text.ts";
import { type Quote, QuotePhase } from "../gen/bourse/quote/v1/quote_pb.ts";

/** A quote as a line for people. */
export function quoteLine(phase: QuotePhase, quote: Quote): string {
  const { symbol, bid, ask, last, volume } = quote;
  const prices = `bid ${priceText(bid)}  ask ${priceText(ask)}  last ${priceText(last)}`;
  return `${phaseName(phase).padEnd(8)}  ${symbol.padEnd(8)}  ${prices}  volume ${volumeText(volume)}  ${timeOfDay(quote)}`;
}

/** A quote as a line of JSON, with null for what its source does not have. */
export function quoteJson(quote: Quote): string {
  const { symbol, bid, ask, last, seq, instrumentSeq } = quote;
  return JSON.stringify({
    symbol,
    bid: bid ?? null,
    ask: ask ?? null,
    last: last ?? null,
    time: timeText(quote) ?? null,
    seq: Number(seq),
    instrument_seq: Number(instrumentSeq),
  });
}

/** A price in a column of 11. */
export function priceText(value: number | undefined): string {
  return (value?.toFixed(4) ?? "-").padStart(11);
}

/** A volume in a column of 11. */
export function volumeText(value: bigint | undefined): string {
  return String(value ?? "-").padStart(11);
}

/** The time of day of a quote, in UTC with microseconds. Empty where its source has none. */
export function timeOfDay(quote: Quote): string {
  return timeText(quote)?.slice(11, 26) ?? "";
}

function timeText({ sourceTime }: Quote): string | undefined {
  const time = sourceTime && fromTimestamp(sourceTime);
  return time === undefined ? undefined : formatTime(time);
}

function phaseName(phase: QuotePhase): string {
  switch (phase) {
    case QuotePhase.SNAPSHOT:
      return "snapshot";
    case QuotePhase.REPLAY:
      return "replay";
    default:
      return "live";
  }
}
