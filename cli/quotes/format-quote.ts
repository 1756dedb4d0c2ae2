import { fromTimestamp } from "../../client/shared/micro-time.ts";
import { formatMicroTime } from "../../client/shared/micro-time-text.ts";
import { type Quote, QuotePhase } from "../../gen/bourse/quote/v1/quote_pb.ts";

/** Formats a quote as a line of text. */
export function formatQuote(phase: QuotePhase, quote: Quote): string {
  const { symbol, bid, ask, last, volume } = quote;
  const prices = `bid ${formatPrice(bid)}  ask ${formatPrice(ask)}  last ${formatPrice(last)}`;
  return `${formatPhase(phase).padEnd(8)}  ${symbol.padEnd(8)}  ${prices}  volume ${formatVolume(volume)}  ${formatTimeOfDay(quote)}`;
}

/** Formats a quote as a JSON object. Fields that its source does not have are null. */
export function formatQuoteJson(quote: Quote): string {
  const { symbol, bid, ask, last, seq, instrumentSeq } = quote;
  return JSON.stringify({
    symbol,
    bid: bid ?? null,
    ask: ask ?? null,
    last: last ?? null,
    time: formatSourceTime(quote) ?? null,
    seq: Number(seq),
    instrument_seq: Number(instrumentSeq),
  });
}

/** Formats a price, right-aligned in 11 characters. */
export function formatPrice(value: number | undefined): string {
  return (value?.toFixed(4) ?? "-").padStart(11);
}

/** Formats a volume, right-aligned in 11 characters. */
export function formatVolume(value: bigint | undefined): string {
  return String(value ?? "-").padStart(11);
}

/** Formats the source time of a quote as a time of day, in UTC with microseconds. Empty if it has none. */
export function formatTimeOfDay(quote: Quote): string {
  return formatSourceTime(quote)?.slice(11, 26) ?? "";
}

function formatSourceTime({ sourceTime }: Quote): string | undefined {
  const time = sourceTime && fromTimestamp(sourceTime);
  return time === undefined ? undefined : formatMicroTime(time);
}

function formatPhase(phase: QuotePhase): string {
  switch (phase) {
    case QuotePhase.SNAPSHOT:
      return "snapshot";
    case QuotePhase.REPLAY:
      return "replay";
    default:
      return "live";
  }
}
