import { type Client, createClient, type Transport } from "@connectrpc/connect";
import pLimit from "p-limit";
import { allSymbols } from "../../../../client/quote/desired-subscriptions.ts";
import { type QuotesWatch, watchQuotes } from "../../../../client/quote/watch-quotes.ts";
import type { WatchState, WatchUpdate } from "../../../../client/quote/watch-update.ts";
import type { CommandResult, Instrument, PauseMode } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService, type WatchQuotesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { Schedule } from "../../shared/notifier.ts";
import { CandleSeries } from "./candle-series.ts";
import { QuoteBoard } from "./quote-board.ts";
import { QuoteStream } from "./quote-stream.ts";
import { type Added, Watchlist } from "./watchlist.ts";
import { WireLog } from "./wire-log.ts";

/** What a session needs from outside. */
export interface QuotesSessionOptions {
  transport: Transport;
  /** When to show new quotes. */
  quotesSchedule: Schedule;
  /** When to show new counts. */
  wireSchedule: Schedule;
  /** A number from 0 to below 1. */
  random(): number;
}

/** What the page lists. The same object until it changes. */
export interface Listing {
  /** The symbols that are watched, in the order in which they are shown. */
  readonly symbols: readonly string[];
  /** Whether the user has chosen them. */
  readonly chosen: boolean;
  /** All instruments by symbol; empty until the server has listed them. */
  readonly instruments: ReadonlyMap<string, Instrument>;
}

// A browser allows few connections to a server: beside the stream and its commands there is one more call at a time.
const oneAtATime = 1;

/** The quotes page without its looks: a watchlist, the one stream that it needs, and what the stream brings. */
export class QuotesSession {
  readonly stream: QuoteStream;
  readonly board: QuoteBoard;
  readonly wire: WireLog;
  readonly candles: CandleSeries;
  readonly #client: Client<typeof QuoteService>;
  readonly #random: () => number;
  readonly #inTurn = pLimit(oneAtATime);
  readonly #watchlist = new Watchlist();
  readonly #listeners = new Set<() => void>();
  #instruments: ReadonlyMap<string, Instrument> = new Map();
  #listing: Listing;
  #asked: readonly string[] = [];

  constructor(options: QuotesSessionOptions) {
    this.#client = createClient(QuoteService, options.transport);
    this.#random = options.random;
    this.board = new QuoteBoard(options.quotesSchedule);
    this.wire = new WireLog(options.wireSchedule);
    this.candles = new CandleSeries({
      load: (request, signal) => this.#inTurn(() => this.#client.listCandles(request, { signal })),
      schedule: options.quotesSchedule,
    });
    this.stream = new QuoteStream({
      prepare: (signal) => this.#loadInstruments(signal),
      open: (signal, onState) => this.#open(signal, onState),
      onUpdate: (update) => this.#take(update),
      onLost: (error) => this.wire.error(error),
      random: options.random,
    });
    this.#listing = this.#list();
  }

  /** Calls the listener after the listing changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** What the page lists now. */
  readonly listing = (): Listing => this.#listing;

  /** Begins the stream, unless there is nothing to watch. */
  start(): void {
    if (this.#watchlist.symbols().length > 0 || !this.#watchlist.isChosen()) this.stream.start();
  }

  /** Adds a symbol to the watchlist. */
  add(symbol: string): Added {
    const added = this.#watchlist.add(symbol);
    if (added === "added") this.#change();
    return added;
  }

  /** Takes a symbol off the watchlist. */
  remove(symbol: string): void {
    this.#watchlist.remove(symbol);
    this.#change();
  }

  /** Goes back to the default watchlist. */
  reset(): void {
    this.#watchlist.reset();
    this.#change();
  }

  /** Has the page stand still, and the server hold the quotes back. */
  pause(mode: PauseMode): void {
    this.board.pause(mode);
    void this.#answerOf(this.stream.watch?.pause([allSymbols], mode));
  }

  /** Has quotes come again, and shows how many were skipped. */
  async resume(): Promise<void> {
    const result = await this.#answerOf(this.stream.watch?.resume([allSymbols]));
    this.board.resume(result?.subscriptions.reduce((sum, { skipped }) => sum + skipped, 0n));
  }

  async #loadInstruments(signal: AbortSignal): Promise<void> {
    const { instruments } = await this.#inTurn(() => this.#client.listInstruments({}, { signal }));
    this.#instruments = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
    this.#watchlist.offer([...this.#instruments.keys()]);
    this.#relist();
  }

  #open(signal: AbortSignal, onState: (state: WatchState) => void): QuotesWatch {
    this.#asked = this.#watchlist.symbols();
    const watch = watchQuotes(
      {
        updateWatch: this.#client.updateWatch,
        watchQuotes: (request, options) => {
          this.wire.begin();
          return this.#logged(this.#client.watchQuotes(request, options));
        },
      },
      {
        symbols: this.#asked,
        signal,
        onState,
        onHeader: (headers) => this.wire.headers(headers),
        onTrailer: (trailers) => this.wire.trailers(trailers),
        random: this.#random,
      },
    );
    const mode = this.board.mode();
    if (mode.kind === "paused") void this.#answerOf(watch.pause([allSymbols], mode.mode));
    return watch;
  }

  async *#logged(responses: AsyncIterable<WatchQuotesResponse>): AsyncGenerator<WatchQuotesResponse> {
    for await (const response of responses) {
      this.wire.response(response);
      yield response;
    }
  }

  #take(update: WatchUpdate): void {
    switch (update.kind) {
      case "started":
        this.board.answer(update.subscriptions);
        this.candles.reload();
        break;
      case "quotes":
        this.board.take(update.quotes);
        this.candles.take(update.quotes);
        break;
      case "result":
        this.board.answer(update.result.subscriptions);
        break;
      case "reset": // Whoever answers now may have others.
        void this.#loadInstruments(AbortSignal.timeout(reloadTimeoutMs)).then(
          () => this.#change(),
          () => {},
        );
        break;
      case "caught-up":
      case "heartbeat":
        break;
    }
  }

  /** Has the stream bring what the watchlist says now. */
  #change(): void {
    this.#relist();
    const { symbols, chosen } = this.#listing;
    const { watch } = this.stream;
    if (symbols.length === 0 && chosen) {
      this.stream.close();
      return;
    }
    if (watch === undefined) {
      if (this.stream.state().kind === "idle") this.stream.start();
      return;
    }
    const removed = this.#asked.filter((symbol) => !symbols.includes(symbol));
    const added = symbols.filter((symbol) => !this.#asked.includes(symbol));
    this.#asked = symbols;
    const mode = this.board.mode();
    if (added.length > 0) void this.#answerOf(watch.subscribe(added));
    if (added.length > 0 && mode.kind === "paused") void this.#answerOf(watch.pause(added, mode.mode));
    if (removed.length > 0) void this.#answerOf(watch.unsubscribe(removed));
  }

  /** Undefined where the stream ends before, which its state tells. */
  async #answerOf(command: Promise<CommandResult> | undefined): Promise<CommandResult | undefined> {
    return command?.catch(() => undefined);
  }

  #relist(): void {
    this.#listing = this.#list();
    this.board.watch(this.#listing.symbols);
    for (const listener of this.#listeners) listener();
  }

  #list(): Listing {
    return {
      symbols: this.#watchlist.symbols(),
      chosen: this.#watchlist.isChosen(),
      instruments: this.#instruments,
    };
  }
}

const reloadTimeoutMs = 10_000;
