import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type QuoteService,
  StreamQuotesResponseSchema,
  type WatchQuotesRequest,
  type WatchQuotesResponse,
} from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { NotFoundError } from "../shared/api-resource-errors.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { peerOf, setIdlePolicy } from "../transport/rpc/call.ts";
import { sendHeader, setTrailer } from "../transport/rpc/response-metadata.ts";
import type { Candles } from "./candle/candle-aggregator.ts";
import { listCandles } from "./candle/list-candles-handler.ts";
import type { PublishTicks } from "./feed/quote-feed.ts";
import { publishQuotes } from "./hub/publish-quotes-handler.ts";
import type { QuoteHub } from "./hub/quote-hub.ts";
import { QuoteValidator } from "./hub/quote-validator.ts";
import { unknownInstrument } from "./quote-errors.ts";
import { QuoteWatch } from "./watch/quote-watch.ts";
import { readStartRequest, runCommandRequests } from "./watch/stream-quotes-requests.ts";

/**
 * The interval between heartbeats if the request has none, in milliseconds: shorter than the idle timeouts of proxies
 * and NATs.
 */
export const defaultHeartbeatMillis = 15_000;

export interface QuoteServiceOptions {
  readonly hub: QuoteHub;
  /** Returns a new stream id, which is the permission to control the stream: unguessable, and valid in a header. */
  readonly newId: () => string;
  /** Default: no candles. */
  readonly candles?: Candles;
  /** Publishes the quotes of PublishQuotes. Default: to the hub. */
  readonly publish?: PublishTicks;
}

/**
 * The request of a stream, until the stream has started. A generator keeps its parameters and variables alive while it
 * runs, and a request may have 10,000 symbols.
 */
interface PendingRequest {
  request: WatchQuotesRequest | undefined;
}

const noCandles: Candles = { list: async () => ({ candles: [], truncated: false }) };

/** Makes the handlers of QuoteService: see `quote_service.proto`. */
export function quoteService(options: QuoteServiceOptions): ServiceImpl<typeof QuoteService> {
  const { hub, newId, candles = noCandles, publish = (ticks) => hub.publish(ticks) } = options;
  const validator = new QuoteValidator(hub);
  const watches = new Map<string, QuoteWatch>();

  /** Throws the errors of the watch and of its start commands, after it has disposed of the watch. */
  function openWatch(pending: PendingRequest, streamId: string, context: HandlerContext): QuoteWatch {
    const { request } = pending;
    if (request === undefined) throw new Error("a request starts one stream");
    pending.request = undefined;
    const heartbeatMillis = millisOf(request.heartbeatInterval) ?? defaultHeartbeatMillis;
    const { signal } = context;
    const peer = peerOf(context);
    const watch = new QuoteWatch({ hub, request, streamId, peer, heartbeatMillis, signal });
    try {
      watch.runStartCommands(request.commands);
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
    watches.set(streamId, watch);
    try {
      sendHeader(context, { [metadataNames.streamId]: streamId });
      onStart?.(watch);
      for (;;) {
        const response = watch.next();
        if (response === undefined) await watch.wait();
        else yield response;
      }
    } finally {
      watches.delete(streamId);
      setTrailer(context, {
        [metadataNames.cursor]: `${hub.epoch}.${watch.sentSeq}`,
        [metadataNames.sentCount]: watch.sentCount,
      });
    }
  }

  return {
    listInstruments: () => ({ instruments: [...hub.instruments] }),

    getQuote({ symbol }) {
      if (!hub.has(symbol)) throw unknownInstrument(symbol);
      return { quote: hub.newest(symbol) };
    },

    listCandles: (request) => listCandles(request, { market: hub, candles }),

    publishQuotes: (requests) => publishQuotes(requests, { validator, publish }),

    watchQuotes: (request, context) => stream({ request }, context),

    async *streamQuotes(requests, context) {
      const incoming = requests[Symbol.asyncIterator]();
      const pending = { request: await readStartRequest(incoming) };
      // A client may send no command for hours while it receives quotes.
      setIdlePolicy(context, { mayBeIdle: () => true });
      const updates = stream(pending, context, (watch) => void runCommandRequests(incoming, watch));
      for await (const update of updates) yield create(StreamQuotesResponseSchema, { update });
    },

    updateWatch({ streamId, command }) {
      const watch = watches.get(streamId);
      if (watch === undefined || watch.isOver) {
        throw new NotFoundError(
          "running stream",
          streamId,
          "it has ended, or the id is wrong: use the id of a running stream",
        );
      }
      if (command === undefined) throw new InvalidFieldError("command", "is missing: set one of its fields");
      return { result: watch.command(command) };
    },
  };
}

function millisOf(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}
