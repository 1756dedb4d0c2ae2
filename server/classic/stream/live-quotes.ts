import { type Quote, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteHub } from "../../quote/hub/quote-hub.ts";

/** Whoever reads quotes: the client, by which they are counted, and what ends them. */
export interface QuoteReader {
  readonly peer: string;
  readonly signal: AbortSignal;
}

/** One instrument has one quote that waits. */
const quotesAtOnce = 1;

/**
 * Yields the newest quote of an instrument, where there is one, and from then on each that follows; a reader that does
 * not keep up gets the newest only. Throws the signal's reason when it aborts, and what `QuoteHub.subscribe` does.
 */
export async function* liveQuotes(
  hub: QuoteHub,
  symbol: string,
  { signal, peer }: QuoteReader,
): AsyncGenerator<Quote, never> {
  const listing = hub.listings.get(symbol);
  if (listing === undefined) throw new Error(`${symbol} is no instrument: ask the hub first`);
  using subscriber = hub.subscribe(SlowReaderPolicy.CONFLATE, 0, peer);
  // Not left to the reader: one that waits for its client would hold on to the subscription.
  const leave = () => subscriber[Symbol.dispose]();
  signal.addEventListener("abort", leave, { once: true });
  try {
    subscriber.subscribe([listing], 0);
    for (;;) {
      signal.throwIfAborted();
      yield* subscriber.takeSnapshot(quotesAtOnce);
      yield* subscriber.take(quotesAtOnce);
      await subscriber.wait();
    }
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
