import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { fromTimestamp } from "../../../client/shared/micro-time.ts";
import { formatMicroTime } from "../../../client/shared/micro-time-text.ts";
import { type Quote, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { ListValueResponseSchema, type StreamServer } from "../../../gen/classic/proto/stream_server_pb.ts";
import type { QuoteHub } from "../../quote/hub/quote-hub.ts";
import { peerOf } from "../../transport/rpc/call.ts";
import { sendHeader } from "../../transport/rpc/response-metadata.ts";

/** The dependencies of `StreamServer`. */
export interface StreamServerServiceOptions {
  readonly hub: QuoteHub;
}

const okCode = 200;

const valueCount = 5;

/** Creates the handlers of `StreamServer`: an echo, and five values or the live quotes of an instrument. */
export function streamServerService({ hub }: StreamServerServiceOptions): ServiceImpl<typeof StreamServer> {
  return {
    route: ({ data }) => ({ code: okCode, value: data }),

    async *listValue({ data }, context) {
      sendHeader(context);
      if (hub.has(data)) {
        const reader = { signal: context.signal, peer: peerOf(context) };
        for await (const quote of watchInstrument(hub, data, reader)) yield createResponse(formatQuote(quote));
      }
      for (let index = 0; index < valueCount; index++) yield createResponse(`${data}${index}`);
    },
  };
}

function createResponse(streamValue: string) {
  return create(ListValueResponseSchema, { streamValue });
}

/** One conflated instrument has at most one pending quote. */
const maxQuotes = 1;

/**
 * Yields the newest quote of an instrument, if there is one, and then each new one. A slow client gets only the newest.
 * Throws the reason of `signal` after it aborts, and the errors of `QuoteHub.subscribe`.
 */
async function* watchInstrument(
  hub: QuoteHub,
  symbol: string,
  { signal, peer }: { readonly signal: AbortSignal; readonly peer: string },
): AsyncGenerator<Quote, never> {
  const listing = hub.listings.get(symbol);
  if (listing === undefined) throw new Error(`${symbol} is not an instrument`);
  using subscriber = hub.subscribe(SlowReaderPolicy.CONFLATE, 0, peer);
  // The generator cannot finish while it waits for the client to read, so an abort frees the subscription at once.
  const unsubscribe = () => subscriber[Symbol.dispose]();
  signal.addEventListener("abort", unsubscribe, { once: true });
  try {
    subscriber.subscribe([listing], 0);
    for (;;) {
      signal.throwIfAborted();
      yield* subscriber.takeSnapshot(maxQuotes);
      yield* subscriber.take(maxQuotes);
      await subscriber.wait();
    }
  } finally {
    signal.removeEventListener("abort", unsubscribe);
  }
}

/** Formats a quote, as in `ACME bid 101.2 ask 101.3 last 101.25 at 2026-01-05T14:30:00.000000Z`. */
function formatQuote({ symbol, bid, ask, last, sourceTime }: Quote): string {
  const time = sourceTime && fromTimestamp(sourceTime);
  return `${symbol} bid ${bid ?? "-"} ask ${ask ?? "-"} last ${last ?? "-"} at ${time === undefined ? "-" : formatMicroTime(time)}`;
}
