import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { SymbolSubscription } from "../hub/symbol-subscription.ts";
import type { LogEntry, QuoteLog } from "./quote-log.ts";

/** How many quotes of the log a step looks at, at most: less than a millisecond's work, where few are wanted. */
export const maxScannedQuotes = 2_000;

/** How many are read from the log at a time. */
const logPageSize = 500;

/** A part of a replay. */
export interface ReplayPage {
  readonly quotes: Quote[];
  /** How many quotes were lost since the part before, because the log let them go. */
  readonly lost: number;
  /** The symbols that have come to the end of the log: from here on their quotes are live. */
  readonly joined: readonly string[];
}

/**
 * Reads the quotes of some symbols from the log, in its order, up to its end. Symbols may be added while it runs; it
 * then goes back to where they begin, and gives nothing twice.
 */
export class LogReplay {
  readonly #log: QuoteLog;
  // The number of the newest quote that each symbol has had, among those of its instrument; undefined where it begins
  // with the oldest that there is when the replay comes to it.
  readonly #had = new Map<string, bigint | undefined>();
  #place = 0;
  // A place before every quote that is owed and no longer in the log.
  #floor = Number.POSITIVE_INFINITY;

  constructor(log: QuoteLog) {
    this.#log = log;
  }

  get running(): boolean {
    return this.#had.size > 0;
  }

  /**
   * The place in the log up to which all its symbols have had their quotes, or will have newer ones; Infinity where it
   * does not run.
   */
  get place(): number {
    return this.running ? Math.min(this.#place, this.#floor) : Number.POSITIVE_INFINITY;
  }

  /** The place in the log that it has read to. */
  get readTo(): number {
    return this.#place;
  }

  /** Whether the log has let go of what comes next. What has not begun yet loses nothing by that. */
  get overrun(): boolean {
    return this.#isBehind && this.#had.values().some((had) => had !== undefined);
  }

  /**
   * Adds a symbol that is not replayed yet.
   *
   * @param had the number of the newest quote that it has had, among those of its instrument; undefined where it begins
   *   with the oldest that the log holds when its turn has come
   * @param place a place in the log at or behind that quote, and before the next
   */
  add(symbol: string, had: bigint | undefined, place: number): void {
    this.#place = this.running ? Math.min(this.#place, place) : place;
    if (!this.running) this.#floor = Number.POSITIVE_INFINITY;
    this.#had.set(symbol, had);
  }

  /** Looks up where lines begin that the replay has not come to yet. */
  locate(lines: readonly SymbolSubscription[]): void {
    const sought = new Map<string, SymbolSubscription>();
    for (const line of lines) {
      if (this.#had.has(line.symbol) && this.#had.get(line.symbol) === undefined) sought.set(line.symbol, line);
    }
    let place = Math.max(this.#place, this.#log.oldestSeq - 1);
    for (; sought.size > 0 && place < this.#log.newestSeq; place += logPageSize) {
      for (const { quote } of this.#log.read(place, logPageSize)) {
        if (sought.delete(quote.symbol)) this.#had.set(quote.symbol, quote.instrumentSeq - 1n);
      }
    }
    for (const { symbol, listing } of sought.values()) {
      this.#had.set(symbol, (listing.newest?.quote.instrumentSeq ?? 1n) - 1n);
    }
  }

  /** Takes a symbol off, and tells the number of the newest quote that it has had; absent where it is not replayed. */
  remove(symbol: string): bigint | undefined {
    const had = this.#had.get(symbol);
    this.#had.delete(symbol);
    return had;
  }

  clear(): void {
    this.#had.clear();
  }

  /**
   * Up to `max` quotes; fewer or none where many others stand between, or at the end of the log. There symbols join
   * the live quotes, in the same synchronous step.
   *
   * @param newestOf the newest quote of a symbol, which may be one that the log has let go
   */
  read(max: number, newestOf: (symbol: string) => LogEntry | undefined): ReplayPage {
    const page = { quotes: [] as Quote[], lost: 0, joined: [] as string[] };
    if (this.#isBehind) this.#jump(newestOf);
    const end = Math.min(this.#place + maxScannedQuotes, this.#log.newestSeq);
    while (page.quotes.length < max && this.#place < end) {
      for (const entry of this.#log.read(this.#place, logPageSize)) {
        this.#place = entry.seq;
        this.#deliver(entry.quote, page);
        if (page.quotes.length === max) break;
      }
    }
    if (this.#place === this.#log.newestSeq) this.#join(max, newestOf, page);
    return page;
  }

  get #isBehind(): boolean {
    return this.running && this.#place + 1 < this.#log.oldestSeq;
  }

  /** Goes on with the oldest that the log holds. A symbol of which it holds none has its newest at the end. */
  #jump(newestOf: (symbol: string) => LogEntry | undefined): void {
    this.#place = this.#log.oldestSeq - 1;
    for (const [symbol, had] of this.#had) {
      const newest = newestOf(symbol);
      if (newest === undefined || newest.seq > this.#place || newest.quote.instrumentSeq <= (had ?? 0n)) continue;
      this.#floor = Math.min(this.#floor, newest.seq - 1);
    }
  }

  #join(
    max: number,
    newestOf: (symbol: string) => LogEntry | undefined,
    page: ReplayPage & { joined: string[] },
  ): void {
    for (const symbol of this.#had.keys()) {
      const newest = newestOf(symbol);
      if (newest !== undefined && newest.quote.instrumentSeq > (this.#had.get(symbol) ?? 0n)) {
        if (page.quotes.length === max) return;
        this.#deliver(newest.quote, page);
      }
      this.#had.delete(symbol);
      page.joined.push(symbol);
    }
  }

  #deliver(quote: Quote, page: { quotes: Quote[]; lost: number }): void {
    if (!this.#had.has(quote.symbol)) return;
    const had = this.#had.get(quote.symbol) ?? quote.instrumentSeq - 1n;
    if (quote.instrumentSeq <= had) return;
    this.#had.set(quote.symbol, quote.instrumentSeq);
    page.lost += Number(quote.instrumentSeq - had - 1n);
    page.quotes.push(quote);
  }
}
