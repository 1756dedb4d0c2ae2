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

/** The epoch of the fake's log, until a test says otherwise. */
const epoch = 7n;

/** A quote with its place in the log and in its instrument. */
export function quoteOf(
  symbol: string,
  instrumentSeq: number,
  seq = instrumentSeq,
): MessageInitShape<typeof QuoteSchema> {
  return { symbol, instrumentSeq: BigInt(instrumentSeq), seq: BigInt(seq), last: instrumentSeq };
}

/** The place behind a quote of the fake's log. */
export function cursorOf(seq: number, ofEpoch = epoch) {
  return { epoch: ofEpoch, seq: BigInt(seq) };
}

/** One stream of the fake, which says what the test says. */
export class FakeStream {
  readonly request: WatchQuotesRequest;
  readonly signal: AbortSignal;
  readonly #steps: (MessageInitShape<typeof WatchQuotesResponseSchema> | { error: unknown } | "end")[] = [];
  #wake: () => void = () => {};

  constructor(request: WatchQuotesRequest, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    signal.addEventListener("abort", () => this.#wake());
  }

  /** Sends a response. */
  send(response: MessageInitShape<typeof WatchQuotesResponseSchema>): void {
    this.#steps.push(response);
    this.#wake();
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

  /** Says that the snapshot or the replay is complete. */
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
    this.#steps.push(error === undefined ? "end" : { error });
    this.#wake();
  }

  async *responses(): AsyncGenerator<WatchQuotesResponse> {
    for (;;) {
      const step = this.#steps.shift();
      if (step === "end") return;
      if (step !== undefined && "error" in step) throw step.error;
      if (step !== undefined) yield create(WatchQuotesResponseSchema, step);
      else if (this.signal.aborted) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** A quote service for tests of clients: it says what the test has it say. */
export class FakeQuoteService {
  readonly client: Client<typeof QuoteService>;
  /** The commands that came by UpdateWatch. */
  readonly commands: WatchCommand["command"][] = [];
  /** Answers them. */
  answer: (request: UpdateWatchRequest) => { subscriptions?: MessageInitShape<typeof SubscriptionSchema>[] } =
    () => ({});
  /** Has answers wait. */
  delay: () => Promise<void> = () => Promise.resolve();
  readonly #waiting: ((stream: FakeStream) => void)[] = [];
  readonly #streams: FakeStream[] = [];

  constructor() {
    const transport = createRouterTransport(({ service }) => {
      service(QuoteService, {
        watchQuotes: (request, { signal }) => {
          const stream = new FakeStream(request, signal);
          const waiting = this.#waiting.shift();
          if (waiting === undefined) this.#streams.push(stream);
          else waiting(stream);
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

  /** How many streams have begun that no test has taken. */
  get untaken(): number {
    return this.#streams.length;
  }

  /** The next stream that begins. */
  stream(): Promise<FakeStream> {
    const stream = this.#streams.shift();
    return stream === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(stream);
  }
}
