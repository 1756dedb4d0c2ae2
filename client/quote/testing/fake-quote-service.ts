import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  CommandResultSchema,
  QuotePhase,
  type QuoteSchema,
  type SubscriptionSchema,
  SubscriptionStatus,
  type WatchCommand,
} from "../../../gen/bourse/quote/v1/quote_pb.ts";
import {
  QuoteService,
  type UpdateWatchRequest,
  UpdateWatchResponseSchema,
  type WatchQuotesRequest,
  type WatchQuotesResponse,
  WatchQuotesResponseSchema,
} from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { AsyncQueue } from "../../shared/testing/async-queue.ts";

/** The default epoch of the fake's log. */
const epoch = 7n;

/** Creates a quote with its sequence numbers in the log and in its instrument. */
export function quoteOf(
  symbol: string,
  instrumentSeq: number,
  seq = instrumentSeq,
): MessageInitShape<typeof QuoteSchema> {
  return { symbol, instrumentSeq: BigInt(instrumentSeq), seq: BigInt(seq), last: instrumentSeq };
}

/** The cursor after a quote of the fake's log. */
export function cursorOf(seq: number, ofEpoch = epoch) {
  return { epoch: ofEpoch, seq: BigInt(seq) };
}

/** One stream of the fake. The test sends its responses. */
export class FakeStream {
  readonly request: WatchQuotesRequest;
  readonly signal: AbortSignal;
  readonly #responses = new AsyncQueue<MessageInitShape<typeof WatchQuotesResponseSchema>>();

  constructor(request: WatchQuotesRequest, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    signal.addEventListener("abort", () => this.#responses.close());
  }

  /** Sends a response. */
  send(response: MessageInitShape<typeof WatchQuotesResponseSchema>): void {
    this.#responses.push(response);
  }

  /** Starts: every symbol is accepted. */
  start(seq: number, ofEpoch = epoch, streamId = "stream"): void {
    const subscriptions = this.request.symbols.map((symbol) => ({ symbol, status: SubscriptionStatus.ACCEPTED }));
    this.send({ cursor: cursorOf(seq, ofEpoch), event: { case: "started", value: { streamId, subscriptions } } });
  }

  /** Sends quotes. */
  quotes(seq: number, phase: QuotePhase, ...quotes: MessageInitShape<typeof QuoteSchema>[]): void {
    this.send({ cursor: cursorOf(seq), phase, quotes });
  }

  /** Reports that the snapshot or the replay is complete. */
  caughtUp(seq: number, ofEpoch = epoch): void {
    this.send({ cursor: cursorOf(seq, ofEpoch), event: { case: "caughtUp", value: {} } });
  }

  /** Starts, with a snapshot of one quote a symbol. */
  open(seq = 10): void {
    this.start(seq);
    const quotes = this.request.symbols.map((symbol) => quoteOf(symbol, seq));
    if (quotes.length > 0) this.quotes(seq, QuotePhase.SNAPSHOT, ...quotes);
    this.caughtUp(seq);
  }

  /** Ends the stream. */
  end(error?: unknown): void {
    if (error === undefined) this.#responses.close();
    else this.#responses.fail(error);
  }

  async *responses(): AsyncGenerator<WatchQuotesResponse> {
    for await (const response of this.#responses) yield create(WatchQuotesResponseSchema, response);
  }
}

/** A quote service for tests of clients. The test controls its streams and the results of commands. */
export class FakeQuoteService {
  readonly client: Client<typeof QuoteService>;
  /** The commands that were received by UpdateWatch. */
  readonly commands: WatchCommand["command"][] = [];
  /** Creates the result of a command. Throws to fail the call. */
  answer: (request: UpdateWatchRequest) => { subscriptions?: MessageInitShape<typeof SubscriptionSchema>[] } =
    () => ({});
  /** Delays each response of UpdateWatch. */
  delay: () => Promise<void> = () => Promise.resolve();
  readonly #streams = new AsyncQueue<FakeStream>();

  constructor() {
    const transport = createRouterTransport(({ service }) => {
      service(QuoteService, {
        watchQuotes: (request, { signal }) => {
          const stream = new FakeStream(request, signal);
          this.#streams.push(stream);
          return stream.responses();
        },
        updateWatch: async (request) => {
          this.commands.push(request.command?.command ?? { case: undefined });
          await this.delay();
          const result = create(CommandResultSchema, { ...this.answer(request), id: request.command?.id ?? 0n });
          return create(UpdateWatchResponseSchema, { result });
        },
      });
    });
    this.client = createClient(QuoteService, transport);
  }

  /** The number of started streams that the test has not taken yet. */
  get untaken(): number {
    return this.#streams.size;
  }

  /** Resolves to the next started stream. */
  async stream(): Promise<FakeStream> {
    return (await this.#streams.next()).value as FakeStream; // never closed
  }
}
