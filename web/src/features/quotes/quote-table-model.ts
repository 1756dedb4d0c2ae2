import type { PauseMode, Quote, Subscription } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { SubscriptionStatus } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";

/** The last direction of a price, and the number of its moves. */
export interface Move {
  readonly direction: "none" | "up" | "down";
  readonly count: number;
}

/** The row of one symbol. */
export type Row =
  /** No quote has been received. */
  | { readonly kind: "empty" }
  /** The server does not have this symbol. */
  | { readonly kind: "unknown" }
  | { readonly kind: "quoted"; readonly quote: Quote; readonly bid: Move; readonly ask: Move; readonly last: Move };

/** Whether the rows follow the stream. */
export type QuoteTableMode =
  /** `skipped` is the number of quotes that the last pause skipped; undefined if there was no pause or it is unknown. */
  | { readonly kind: "following"; readonly skipped: bigint | undefined }
  /** The rows do not change. */
  | { readonly kind: "paused"; readonly mode: PauseMode };

const emptyRow: Row = { kind: "empty" };
const unknownRow: Row = { kind: "unknown" };
const noMove: Move = { direction: "none", count: 0 };

/**
 * The newest quote of each watched symbol, outside React. Notifies listeners at most once per run of the schedule, and
 * buffers one quote for each symbol.
 */
export class QuoteTableModel {
  readonly #notifier: ChangeNotifier;
  readonly #pending = new Map<string, Quote>();
  #rows = new Map<string, Row>();
  #mode: QuoteTableMode = { kind: "following", skipped: undefined };

  constructor(schedule: Schedule) {
    this.#notifier = new ChangeNotifier(schedule, () => this.#applyPending());
  }

  /** Adds a listener for changes of rows and mode. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the row of a symbol: the same object until it changes. */
  row(symbol: string): Row {
    return this.#rows.get(symbol) ?? emptyRow;
  }

  /** Returns the mode: the same object until it changes. */
  readonly mode = (): QuoteTableMode => this.#mode;

  /** Sets the watched symbols. Removes the rows of other symbols and keeps the existing ones. */
  setSymbols(symbols: readonly string[]): void {
    this.#rows = new Map(symbols.map((symbol) => [symbol, this.row(symbol)]));
    for (const symbol of this.#pending.keys()) {
      if (!this.#rows.has(symbol)) this.#pending.delete(symbol);
    }
    this.#notifier.flush();
  }

  /** Applies the subscription status of symbols. */
  applySubscriptions(subscriptions: readonly Subscription[]): void {
    for (const { symbol, status } of subscriptions) {
      const row = this.#rows.get(symbol);
      if (row === undefined) continue;
      if (status === SubscriptionStatus.UNKNOWN_SYMBOL) this.#rows.set(symbol, unknownRow);
      else if (row.kind === "unknown") this.#rows.set(symbol, emptyRow);
    }
    this.#notifier.notify();
  }

  /** Adds quotes in the order of the stream. Quotes of symbols that are not watched are ignored. */
  addQuotes(quotes: readonly Quote[]): void {
    for (const quote of quotes) {
      if (!this.#rows.has(quote.symbol)) continue;
      this.#pending.set(quote.symbol, quote);
    }
    this.#notifier.notify();
  }

  /** Freezes the rows, after the pending quotes are applied. */
  pause(mode: PauseMode): void {
    if (this.#mode.kind === "paused") return;
    this.#applyPending();
    this.#mode = { kind: "paused", mode };
    this.#notifier.flush();
  }

  /** Applies the newest quotes and follows the stream again. `skipped`: the number of skipped quotes, if it is known. */
  resume(skipped: bigint | undefined): void {
    if (this.#mode.kind === "following") return;
    this.#mode = { kind: "following", skipped };
    this.#notifier.flush();
  }

  #applyPending(): void {
    if (this.#mode.kind === "paused") return;
    for (const [symbol, quote] of this.#pending) this.#rows.set(symbol, nextRow(this.row(symbol), quote));
    this.#pending.clear();
  }
}

function nextRow(row: Row, quote: Quote): Row {
  if (row.kind !== "quoted") return { kind: "quoted", quote, bid: noMove, ask: noMove, last: noMove };
  return {
    kind: "quoted",
    quote,
    bid: nextMove(row.bid, row.quote.bid, quote.bid),
    ask: nextMove(row.ask, row.quote.ask, quote.ask),
    last: nextMove(row.last, row.quote.last, quote.last),
  };
}

function nextMove(move: Move, before: number | undefined, after: number | undefined): Move {
  if (before === undefined || after === undefined || before === after) return move;
  return { direction: after > before ? "up" : "down", count: move.count + 1 };
}
