import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import type { Instrument } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService, type WatchQuotesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { Schedule } from "../../shared/notifier.ts";
import { QuoteBoard } from "./quote-board.ts";
import { heartbeatMs, QuoteStream } from "./quote-stream.ts";
import { type Added, Watchlist } from "./watchlist.ts";
import { WireLog } from "./wire-log.ts";

/** What a session needs from outside. */
export interface QuotesSessionOptions {
  transport: Transport;
  /** When to show new quotes. */
  quotesSchedule: Schedule;
  /** When to show new counts. */
  wireSchedule: Schedule;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
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

/** The quotes page without its looks: a watchlist, the one stream that it needs, and what the stream brings. */
export class QuotesSession {
  readonly stream: QuoteStream<WatchQuotesResponse>;
  readonly board: QuoteBoard;
  readonly wire: WireLog;
  readonly #client;
  readonly #watchlist = new Watchlist();
  readonly #listeners = new Set<() => void>();
  #instruments: ReadonlyMap<string, Instrument> = new Map();
  #instrumentsAreFresh = false;
  #listing: Listing;

  constructor(options: QuotesSessionOptions) {
    this.#client = createClient(QuoteService, options.transport);
    this.board = new QuoteBoard(options.quotesSchedule);
    this.wire = new WireLog(options.wireSchedule);
    this.stream = new QuoteStream({
      open: (signal) => this.#open(signal),
      onResponse: (response) => this.#take(response),
      onEnd: (error) => {
        this.#instrumentsAreFresh = false; // Whoever answers next may have others.
        if (error !== undefined) this.wire.error(error);
      },
      now: options.now,
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

  /** Adds a symbol to the watchlist. */
  add(symbol: string): Added {
    const added = this.#watchlist.add(symbol);
    if (added === "added") this.#restart();
    return added;
  }

  /** Takes a symbol off the watchlist. */
  remove(symbol: string): void {
    this.#watchlist.remove(symbol);
    this.#restart();
  }

  /** Goes back to the default watchlist. */
  reset(): void {
    this.#watchlist.reset();
    this.#restart();
  }

  async *#open(signal: AbortSignal): AsyncGenerator<WatchQuotesResponse> {
    this.wire.begin();
    if (!this.#instrumentsAreFresh) await this.#loadInstruments(signal);
    const symbols = this.#watchlist.symbols();
    if (symbols.length === 0) {
      this.stream.send({ kind: "close" }); // No symbols would mean all of them.
      return;
    }
    yield* this.#client.watchQuotes(
      { symbols: [...symbols], heartbeatInterval: durationFromMs(heartbeatMs) },
      {
        signal,
        onHeader: (headers) => this.wire.headers(headers),
        onTrailer: (trailers) => this.wire.trailers(trailers),
      },
    );
  }

  async #loadInstruments(signal: AbortSignal): Promise<void> {
    const { instruments } = await this.#client.listInstruments({}, { signal });
    signal.throwIfAborted();
    this.#instruments = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
    this.#instrumentsAreFresh = true;
    this.#watchlist.offer([...this.#instruments.keys()]);
    this.#relist();
  }

  #take(response: WatchQuotesResponse): void {
    this.wire.response(response);
    if (response.event.case === "started") this.board.answer(response.event.value.subscriptions);
    if (response.quotes.length > 0) this.board.take(response.quotes);
  }

  #restart(): void {
    this.#relist();
    const { symbols, chosen } = this.#listing;
    if (symbols.length > 0 || !chosen) this.stream.send({ kind: "change" });
    else if (this.stream.state().kind !== "stopped") this.stream.send({ kind: "close" });
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
