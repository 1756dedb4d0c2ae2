import type { Duration } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  QuoteService,
  WatchQuotesRequest,
  WatchQuotesResponse,
} from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { metadataNames } from "../metadata-names.ts";
import { sendHeader, setTrailer } from "../transport/metadata.ts";
import type { QuoteHub } from "./quote-hub.ts";
import { QuoteWatch } from "./quote-watch.ts";
import { type Every, systemEvery } from "./timers.ts";

/** How often a stream gets a heartbeat where the client does not say: within what proxies and NATs call idle. */
export const defaultHeartbeatMillis = 15_000;

export interface QuoteServiceOptions {
  readonly hub: QuoteHub;
  /** Makes the names of streams. They give control of a stream: unguessable, and fit for a header. */
  readonly newId: () => string;
  /** Default: the system's timers. */
  readonly every?: Every;
}

/** Live prices over RPC, as `quote_service.proto` says. */
export function quoteService({
  hub,
  newId,
  every = systemEvery,
}: QuoteServiceOptions): ServiceImpl<typeof QuoteService> {
  return {
    listInstruments: () => ({ instruments: [...hub.instruments] }),

    async *watchQuotes(request: WatchQuotesRequest, context: HandlerContext): AsyncGenerator<WatchQuotesResponse> {
      const streamId = newId();
      using watch = new QuoteWatch({
        hub,
        streamId,
        symbols: request.symbols,
        policy: request.slowReaderPolicy,
        heartbeatMillis: millisOf(request.heartbeatInterval) ?? defaultHeartbeatMillis,
        every,
        signal: context.signal,
      });
      sendHeader(context, { [metadataNames.streamId]: streamId });
      try {
        for (;;) {
          const response = watch.next();
          if (response === undefined) await watch.wait();
          else yield response;
        }
      } finally {
        setTrailer(context, {
          [metadataNames.cursor]: `${hub.epoch}.${watch.sentSeq}`,
          [metadataNames.sentCount]: watch.sentCount,
        });
      }
    },
  };
}

function millisOf(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}
