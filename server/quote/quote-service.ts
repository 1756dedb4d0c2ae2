import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type QuoteService,
  StreamQuotesResponseSchema,
  type WatchQuotesRequest,
  type WatchQuotesResponse,
} from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { NotFoundError } from "../shared/resource-errors.ts";
import { peerOf, setIdlePolicy } from "../transport/rpc/call.ts";
import { sendHeader, setTrailer } from "../transport/rpc/metadata.ts";
import type { Candles } from "./candle/candles.ts";
import { listCandles } from "./candle/list-candles.ts";
import type { PublishTicks } from "./feed/quote-feed.ts";
import { publishQuotes } from "./hub/publish-quotes.ts";
import type { QuoteHub } from "./hub/quote-hub.ts";
import { QuoteIntake } from "./hub/quote-intake.ts";
import { QuoteWatch } from "./watch/quote-watch.ts";
import { runCommands, startOf } from "./watch/run-commands.ts";
import { WatchRegistry } from "./watch/watch-registry.ts";

/** How often a stream gets a heartbeat where the client does not say: within what proxies and NATs call idle. */
export const defaultHeartbeatMillis = 15_000;

export interface QuoteServiceOptions {
  readonly hub: QuoteHub;
  /** Makes the names of streams. They give control of a stream: unguessable, and fit for a header. */
  readonly newId: () => string;
  /** Default: there are none. */
  readonly candles?: Candles;
  /** Takes what PublishQuotes brings. Default: the hub. */
  readonly publish?: PublishTicks;
}

/**
 * A request until its stream has begun. A generator keeps its parameters and variables for as long as it runs, and a
 * request may have 10,000 symbols.
 */
interface PendingRequest {
  request: WatchQuotesRequest | undefined;
}

const noCandles: Candles = { list: async () => ({ candles: [], truncated: false }) };

/** Live prices over RPC, as `quote_service.proto` says. */
export function quoteService(options: QuoteServiceOptions): ServiceImpl<typeof QuoteService> {
  const { hub, newId, candles = noCandles, publish = (ticks) => hub.publish(ticks) } = options;
  const intake = new QuoteIntake(hub);
  const watches = new WatchRegistry();

  /** Throws what the watch and its first commands throw, after it has disposed of the watch. */
  function openWatch(pending: PendingRequest, streamId: string, context: HandlerContext): QuoteWatch {
    const { request } = pending;
    if (request === undefined) throw new Error("a request begins one stream");
    pending.request = undefined;
    const heartbeatMillis = millisOf(request.heartbeatInterval) ?? defaultHeartbeatMillis;
    const { signal } = context;
    const peer = peerOf(context);
    const watch = new QuoteWatch({ hub, request, streamId, peer, heartbeatMillis, signal });
    try {
      watch.begin(request.commands);
    } catch (error) {
      watch[Symbol.dispose]();
      throw error;
    }
    return watch;
  }

  async function* stream(
    pending: PendingRequest,
    context: HandlerContext,
    onStart?: (watch: QuoteWatch) => void,
  ): AsyncGenerator<WatchQuotesResponse> {
    const streamId = newId();
    using watch = openWatch(pending, streamId, context);
    using _known = watches.add(streamId, watch);
    sendHeader(context, { [metadataNames.streamId]: streamId });
    onStart?.(watch);
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
  }

  return {
    listInstruments: () => ({ instruments: [...hub.instruments] }),

    getQuote({ symbol }) {
      if (!hub.has(symbol)) throw new NotFoundError("instrument", symbol);
      return { quote: hub.newest(symbol) };
    },

    listCandles: (request) => listCandles(request, { market: hub, candles }),

    publishQuotes: (requests) => publishQuotes(requests, { intake, publish }),

    watchQuotes: (request, context) => stream({ request }, context),

    async *streamQuotes(requests, context) {
      const incoming = requests[Symbol.asyncIterator]();
      const pending = { request: await startOf(incoming) };
      // A client that receives quotes may have no command for hours, as one of WatchQuotes never has.
      setIdlePolicy(context, { mayBeIdle: () => true });
      const updates = stream(pending, context, (watch) => void runCommands(incoming, watch));
      for await (const update of updates) yield create(StreamQuotesResponseSchema, { update });
    },

    updateWatch({ streamId, command }) {
      const watch = watches.get(streamId);
      if (command === undefined) throw new InvalidFieldError("command", "say what is to change");
      return { result: watch.command(command) };
    },
  };
}

function millisOf(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}
