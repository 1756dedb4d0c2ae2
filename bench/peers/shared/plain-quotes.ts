import { EventEmitter } from "node:events";
import { toTimestamp } from "../../../client/shared/micro-time.ts";
import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { Tick } from "../../../server/quote/feed/quote-feed.ts";
import { TickSource, tickSymbols } from "./tick-source.ts";

/**
 * A typical fan-out of an application: an EventEmitter that emits `quote` with each quote. All listeners share the
 * object.
 */
export function plainQuotes(): { readonly quotes: EventEmitter<{ quote: [Quote] }>; readonly source: TickSource } {
  const quotes = new EventEmitter<{ quote: [Quote] }>();
  quotes.setMaxListeners(0);
  const counts = new Map<string, bigint>(tickSymbols.map((symbol) => [symbol, 0n]));
  let seq = 0n;
  const source = new TickSource((tick) => {
    seq += 1n;
    const instrumentSeq = (counts.get(tick.symbol) ?? 0n) + 1n;
    counts.set(tick.symbol, instrumentSeq);
    quotes.emit("quote", quoteOf(tick, seq, instrumentSeq));
  });
  return { quotes, source };
}

function quoteOf(tick: Tick, seq: bigint, instrumentSeq: bigint): Quote {
  const sourceTime = toTimestamp(tick.sourceTime);
  return { $typeName: "bourse.quote.v1.Quote", ...tick, sourceTime, seq, instrumentSeq };
}
