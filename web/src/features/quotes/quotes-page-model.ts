import { type Client, createClient, type Transport } from "@connectrpc/connect";
import pLimit from "p-limit";
import { allSymbols } from "../../../../client/quote/desired-subscriptions.ts";
import { type QuotesWatch, watchQuotes } from "../../../../client/quote/watch-quotes.ts";
import type { WatchState, WatchUpdate } from "../../../../client/quote/watch-update.ts";
import type { CommandResult, Instrument, PauseMode } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { QuoteService, type WatchQuotesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { Schedule } from "../../shared/change-notifier.ts";
import { LiveCandles } from "./live-candles.ts";
import { QuoteStream } from "./quote-stream.ts";
import { QuoteTableModel } from "./quote-table-model.ts";
import { StreamProtocolDetailsModel } from "./stream-protocol-details-model.ts";
import { type AddResult, Watchlist } from "./watchlist.ts";

export interface QuotesPageModelOptions {
  transport: Transport;
  /** Schedules updates of the quotes. */
  quotesSchedule: Schedule;
  /** Schedules updates of the stream details. */
  detailsSchedule: Schedule;
  /** Returns a number from 0 to below 1. */
  random(): number;
}

/** The watchlist and the instruments. The same object until it changes. */
export interface Listing {
  /** The watched symbols in the order of the table. */
  readonly symbols: readonly string[];
  /** Whether the user has changed the watchlist. */
  readonly isCustom: boolean;
  /** All instruments by symbol; empty until they are loaded. */
  readonly instruments: ReadonlyMap<string, Instrument>;
}

// A browser opens at most six HTTP/1.1 connections to a server, over all tabs: besides the stream and its commands, the
// page makes one call at a time.
const maxConcurrentCalls = 1;

/** The state of the quotes page, outside React: the watchlist, the stream, its quotes and its protocol details. */
export class QuotesPageModel {
  readonly stream: QuoteStream;
  readonly table: QuoteTableModel;
  readonly details: StreamProtocolDetailsModel;
  readonly candles: LiveCandles;
  readonly #client: Client<typeof QuoteService>;
  readonly #random: () => number;
  readonly #limitCalls = pLimit(maxConcurrentCalls);
  readonly #watchlist = new Watchlist();
  readonly #listeners = new Set<() => void>();
  #instruments: ReadonlyMap<string, Instrument> = new Map();
  #listing: Listing;
  #subscribed: readonly string[] = [];

  constructor(options: QuotesPageModelOptions) {
    this.#client = createClient(QuoteService, options.transport);
    this.#random = options.random;
    this.table = new QuoteTableModel(options.quotesSchedule);
    this.details = new StreamProtocolDetailsModel(options.detailsSchedule);
    this.candles = new LiveCandles({
      load: (request, signal) => this.#limitCalls(() => this.#client.listCandles(request, { signal })),
      schedule: options.quotesSchedule,
    });
    this.stream = new QuoteStream({
      prepare: (signal) => this.#loadInstruments(signal),
      open: (signal, onState) => this.#open(signal, onState),
      onUpdate: (update) => this.#onUpdate(update),
      onLost: (error) => this.details.error(error),
      random: options.random,
    });
    this.#listing = this.#createListing();
  }

  /** Adds a listener for changes of the listing. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Returns the listing: the same object until it changes. */
  readonly listing = (): Listing => this.#listing;

  /** Starts the stream, unless the user has emptied the watchlist. */
  start(): void {
    if (this.#watchlist.symbols().length > 0 || !this.#watchlist.isCustom()) this.stream.start();
  }

  /** Adds a symbol to the watchlist. */
  add(symbol: string): AddResult {
    const result = this.#watchlist.add(symbol);
    if (result === "added") this.#onWatchlistChange();
    return result;
  }

  /** Removes a symbol from the watchlist. */
  remove(symbol: string): void {
    this.#watchlist.remove(symbol);
    this.#onWatchlistChange();
  }

  /** Restores the default watchlist. */
  reset(): void {
    this.#watchlist.reset();
    this.#onWatchlistChange();
  }

  /** Pauses the page and the subscriptions on the server. */
  pause(mode: PauseMode): void {
    this.table.pause(mode);
    void this.#resultOf(this.stream.watch?.pause([allSymbols], mode));
  }

  /** Resumes the subscriptions and the page, which then shows the number of skipped quotes. */
  async resume(): Promise<void> {
    const result = await this.#resultOf(this.stream.watch?.resume([allSymbols]));
    this.table.resume(result?.subscriptions.reduce((sum, { skipped }) => sum + skipped, 0n));
  }

  async #loadInstruments(signal: AbortSignal): Promise<void> {
    const { instruments } = await this.#limitCalls(() => this.#client.listInstruments({}, { signal }));
    this.#instruments = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
    this.#watchlist.setAll([...this.#instruments.keys()]);
    this.#updateListing();
  }

  #open(signal: AbortSignal, onState: (state: WatchState) => void): QuotesWatch {
    this.#subscribed = this.#watchlist.symbols();
    const watch = watchQuotes(
      {
        updateWatch: this.#client.updateWatch,
        watchQuotes: (request, options) => {
          this.details.begin();
          return this.#logResponses(this.#client.watchQuotes(request, options));
        },
      },
      {
        symbols: this.#subscribed,
        signal,
        onState,
        onHeader: (headers) => this.details.headers(headers),
        onTrailer: (trailers) => this.details.trailers(trailers),
        random: this.#random,
      },
    );
    const mode = this.table.mode();
    if (mode.kind === "paused") void this.#resultOf(watch.pause([allSymbols], mode.mode));
    return watch;
  }

  async *#logResponses(responses: AsyncIterable<WatchQuotesResponse>): AsyncGenerator<WatchQuotesResponse> {
    for await (const response of responses) {
      this.details.response(response);
      yield response;
    }
  }

  #onUpdate(update: WatchUpdate): void {
    switch (update.kind) {
      case "started":
        this.table.applySubscriptions(update.subscriptions);
        this.candles.reload();
        break;
      case "quotes":
        this.table.addQuotes(update.quotes);
        this.candles.addQuotes(update.quotes);
        break;
      case "result":
        this.table.applySubscriptions(update.result.subscriptions);
        break;
      case "reset": // the new server can have other instruments
        void this.#loadInstruments(AbortSignal.timeout(reloadTimeoutMs)).then(
          () => this.#onWatchlistChange(),
          () => {},
        );
        break;
      case "caught-up":
      case "heartbeat":
        break;
    }
  }

  /** Subscribes to added symbols and unsubscribes from removed ones. */
  #onWatchlistChange(): void {
    this.#updateListing();
    const { symbols, isCustom } = this.#listing;
    const { watch } = this.stream;
    if (symbols.length === 0 && isCustom) {
      this.stream.close();
      return;
    }
    if (watch === undefined) {
      if (this.stream.state().kind === "idle") this.stream.start();
      return;
    }
    const removed = this.#subscribed.filter((symbol) => !symbols.includes(symbol));
    const added = symbols.filter((symbol) => !this.#subscribed.includes(symbol));
    this.#subscribed = symbols;
    const mode = this.table.mode();
    if (added.length > 0) void this.#resultOf(watch.subscribe(added));
    if (added.length > 0 && mode.kind === "paused") void this.#resultOf(watch.pause(added, mode.mode));
    if (removed.length > 0) void this.#resultOf(watch.unsubscribe(removed));
  }

  /** Resolves to undefined if the stream ends before the result. */
  async #resultOf(command: Promise<CommandResult> | undefined): Promise<CommandResult | undefined> {
    return command?.catch(() => undefined);
  }

  #updateListing(): void {
    this.#listing = this.#createListing();
    this.table.setSymbols(this.#listing.symbols);
    for (const listener of this.#listeners) listener();
  }

  #createListing(): Listing {
    return {
      symbols: this.#watchlist.symbols(),
      isCustom: this.#watchlist.isCustom(),
      instruments: this.#instruments,
    };
  }
}

const reloadTimeoutMs = 10_000;
