import type { PauseMode, Quote, Subscription } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { SubscriptionStatus } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** How a price has moved: its last direction, and how often it moved since the row began. */
export interface Move {
  readonly direction: "none" | "up" | "down";
  readonly times: number;
}

/** What the page shows of one symbol. */
export type Row =
  /** No quote has come yet. */
  | { readonly kind: "waiting" }
  /** The server has no such instrument. */
  | { readonly kind: "unknown" }
  | { readonly kind: "quoted"; readonly quote: Quote; readonly bid: Move; readonly ask: Move; readonly last: Move };

/** Whether the page follows the stream. */
export type BoardMode =
  /** `skipped` tells how many quotes the last pause left out; undefined where there was none, or it is not known. */
  | { readonly kind: "following"; readonly skipped: bigint | undefined }
  /** What is shown stands still. */
  | { readonly kind: "paused"; readonly mode: PauseMode };

const waitingRow: Row = { kind: "waiting" };
const unknownRow: Row = { kind: "unknown" };
const still: Move = { direction: "none", times: 0 };

/**
 * The newest quote of each watched symbol, outside React. However many quotes arrive, listeners hear of them once a
 * turn of the schedule, and no more is held than one quote a symbol.
 */
export class QuoteBoard {
  readonly #notifier: Notifier;
  readonly #arrived = new Map<string, Quote>();
  #rows = new Map<string, Row>();
  #mode: BoardMode = { kind: "following", skipped: undefined };

  constructor(schedule: Schedule) {
    this.#notifier = new Notifier(schedule, () => this.#show());
  }

  /** Calls the listener after rows or the mode may have changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The row of a symbol: the same object until what is shown changes. */
  row(symbol: string): Row {
    return this.#rows.get(symbol) ?? waitingRow;
  }

  /** The mode: the same object until it changes. */
  readonly mode = (): BoardMode => this.#mode;

  /** Says which symbols are watched. Rows of others go; those that stay keep what they show. */
  watch(symbols: readonly string[]): void {
    this.#rows = new Map(symbols.map((symbol) => [symbol, this.row(symbol)]));
    for (const symbol of this.#arrived.keys()) {
      if (!this.#rows.has(symbol)) this.#arrived.delete(symbol);
    }
    this.#notifier.flush();
  }

  /** Takes the server's answer for each symbol. */
  answer(subscriptions: readonly Subscription[]): void {
    for (const { symbol, status } of subscriptions) {
      const row = this.#rows.get(symbol);
      if (row === undefined) continue;
      if (status === SubscriptionStatus.UNKNOWN_SYMBOL) this.#rows.set(symbol, unknownRow);
      else if (row.kind === "unknown") this.#rows.set(symbol, waitingRow);
    }
    this.#notifier.touch();
  }

  /** Takes quotes in the order of the stream. Those of symbols that are not watched are ignored. */
  take(quotes: readonly Quote[]): void {
    for (const quote of quotes) {
      if (!this.#rows.has(quote.symbol)) continue;
      this.#arrived.set(quote.symbol, quote);
    }
    this.#notifier.touch();
  }

  /** Lets what is shown stand still. Quotes that came before are shown first. */
  pause(mode: PauseMode): void {
    if (this.#mode.kind === "paused") return;
    this.#show();
    this.#mode = { kind: "paused", mode };
    this.#notifier.flush();
  }

  /** Shows the newest quotes, and follows the stream again. `skipped`: how many the pause left out, where known. */
  resume(skipped: bigint | undefined): void {
    if (this.#mode.kind === "following") return;
    this.#mode = { kind: "following", skipped };
    this.#notifier.flush();
  }

  #show(): void {
    if (this.#mode.kind === "paused") return;
    for (const [symbol, quote] of this.#arrived) this.#rows.set(symbol, nextRow(this.row(symbol), quote));
    this.#arrived.clear();
  }
}

function nextRow(row: Row, quote: Quote): Row {
  if (row.kind !== "quoted") return { kind: "quoted", quote, bid: still, ask: still, last: still };
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
  return { direction: after > before ? "up" : "down", times: move.times + 1 };
}
