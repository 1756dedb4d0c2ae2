import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { ReaderSubscription, Replaying } from "../hub/reader-subscription.ts";
import type { QuoteLog } from "../log/quote-log.ts";
import type { Backlog } from "./send-queue.ts";

/**
 * The maximum number of quotes of the log that one step scans: less than a millisecond of work if few of them are
 * wanted.
 */
export const maxScannedQuotes = 2_000;

/** The number of quotes that are read from the log at once. */
const logPageSize = 500;

/** The result of one step of a replay. */
export interface ReplayPage {
  readonly quotes: Quote[];
  /** The number of quotes that the log has evicted before the replay could read them. */
  evicted: number;
  /** The subscriptions that have reached the end of the log, and are no longer replayed. */
  readonly caughtUp: ReaderSubscription[];
}

/**
 * Reads the quotes of some subscriptions from the log, in the order of the log and up to its end. If a subscription is
 * added during the replay, the replay returns to the start of that subscription, and delivers no quote twice.
 */
export class LogReplay {
  readonly #log: QuoteLog;
  /** By symbol. */
  readonly #states = new Map<string, Replaying>();
  /** The `seq` of the last quote that was read. */
  #position = 0;
  /** Less than the `seq` of every quote that is still to be delivered and that the log has evicted. */
  #evictedFloor = Number.POSITIVE_INFINITY;

  constructor(log: QuoteLog) {
    this.#log = log;
  }

  get isRunning(): boolean {
    return this.#states.size > 0;
  }

  /**
   * All quotes of its subscriptions up to this `seq` were delivered, or will be superseded by newer ones. Infinity if no
   * replay runs.
   */
  get completedSeq(): number {
    return this.isRunning ? Math.min(this.#position, this.#evictedFloor) : Number.POSITIVE_INFINITY;
  }

  /**
   * Whether the log has evicted quotes that the replay must deliver. A subscription that starts with the oldest quote
   * of the log has none of these.
   */
  get isOverrun(): boolean {
    return this.#isBehindLog && this.#states.values().some(({ delivered }) => delivered !== undefined);
  }

  /**
   * Adds a subscription that is not replayed yet.
   *
   * @param afterSeq the `seq` of the last delivered quote, or a later one before the next quote of the instrument
   */
  add(state: Replaying, afterSeq: number): void {
    this.#position = this.isRunning ? Math.min(this.#position, afterSeq) : afterSeq;
    if (!this.isRunning) this.#evictedFloor = Number.POSITIVE_INFINITY;
    this.#states.set(state.subscription.symbol, state);
  }

  /** Removes those of the subscriptions that it replays. Returns the backlog of each that has unread quotes. */
  withdraw(subscriptions: readonly ReaderSubscription[]): Map<ReaderSubscription, Backlog> {
    const states = subscriptions
      .map(({ symbol }) => this.#states.get(symbol))
      .filter((state): state is Replaying => state !== undefined);
    this.#resolveStarts(states);
    const backlogs = new Map<ReaderSubscription, Backlog>();
    for (const { subscription, delivered = 0n } of states) {
      this.remove(subscription);
      const { newest } = subscription.listing;
      if (newest === undefined || newest.quote.instrumentSeq <= delivered) continue;
      // If the log has evicted all unread quotes, none of them has a `seq` above the position.
      const first = { seq: Math.min(this.#position + 1, newest.seq), instrumentSeq: delivered + 1n };
      backlogs.set(subscription, { first, newest, count: Number(newest.quote.instrumentSeq - delivered) });
    }
    return backlogs;
  }

  remove(subscription: ReaderSubscription): void {
    this.#states.delete(subscription.symbol);
  }

  clear(): void {
    this.#states.clear();
  }

  /**
   * Reads up to `max` quotes: fewer or none if they are rare in the log, or at its end. At the end of the log, all
   * subscriptions are caught up within this synchronous step, before another quote is published.
   */
  read(max: number): ReplayPage {
    const page: ReplayPage = { quotes: [], evicted: 0, caughtUp: [] };
    if (this.#isBehindLog) this.#skipEvicted();
    const end = Math.min(this.#position + maxScannedQuotes, this.#log.newestSeq);
    while (page.quotes.length < max && this.#position < end) {
      for (const { seq, quote } of this.#log.read(this.#position, logPageSize)) {
        this.#position = seq;
        const state = this.#states.get(quote.symbol);
        if (state !== undefined) deliver(state, quote, page);
        if (page.quotes.length === max) break;
      }
    }
    if (this.#position === this.#log.newestSeq) this.#finish(max, page);
    return page;
  }

  /** Finds the first quote of each subscription that starts with the oldest one of the log, and sets `delivered` by it. */
  #resolveStarts(states: readonly Replaying[]): void {
    const unresolved = states.filter(({ delivered }) => delivered === undefined);
    const symbols = unresolved.map(({ subscription }) => subscription.symbol);
    const first = firstQuotesAfter(this.#log, symbols, Math.max(this.#position, this.#log.oldestSeq - 1));
    for (const state of unresolved) {
      const { symbol, listing } = state.subscription;
      // The hub still has the newest quote of a symbol if the log has evicted it.
      state.delivered = ((first.get(symbol) ?? listing.newest?.quote)?.instrumentSeq ?? 1n) - 1n;
    }
  }

  get #isBehindLog(): boolean {
    return this.isRunning && this.#position + 1 < this.#log.oldestSeq;
  }

  /** Continues with the oldest quote of the log. The hub still has the newest quote of a symbol that is not in the log. */
  #skipEvicted(): void {
    this.#position = this.#log.oldestSeq - 1;
    for (const { subscription, delivered } of this.#states.values()) {
      const { newest } = subscription.listing;
      if (newest === undefined || newest.seq > this.#position || newest.quote.instrumentSeq <= (delivered ?? 0n)) {
        continue;
      }
      this.#evictedFloor = Math.min(this.#evictedFloor, newest.seq - 1);
    }
  }

  /** Delivers the newest quotes that are no longer in the log, and ends the replay if the page has capacity for all. */
  #finish(max: number, page: ReplayPage): void {
    for (const state of this.#states.values()) {
      const { newest } = state.subscription.listing;
      if (newest !== undefined && newest.quote.instrumentSeq > (state.delivered ?? 0n)) {
        if (page.quotes.length === max) return;
        deliver(state, newest.quote, page);
      }
      this.remove(state.subscription);
      page.caughtUp.push(state.subscription);
    }
  }
}

/**
 * Finds the first quote of each symbol after a `seq`. The result has no entry for a symbol without quotes after it, and
 * is in the order of the log. Reads the log only as far as necessary.
 */
export function firstQuotesAfter(log: QuoteLog, symbols: Iterable<string>, afterSeq: number): Map<string, Quote> {
  const remaining = new Set(symbols);
  const first = new Map<string, Quote>();
  for (let seq = afterSeq; remaining.size > 0 && seq < log.newestSeq; seq += logPageSize) {
    for (const { quote } of log.read(seq, logPageSize)) {
      if (remaining.delete(quote.symbol)) first.set(quote.symbol, quote);
    }
  }
  return first;
}

/** Adds a quote to the page, unless it was delivered before. */
function deliver(state: Replaying, quote: Quote, page: ReplayPage): void {
  const delivered = state.delivered ?? quote.instrumentSeq - 1n;
  if (quote.instrumentSeq <= delivered) return;
  state.delivered = quote.instrumentSeq;
  page.evicted += Number(quote.instrumentSeq - delivered - 1n);
  page.quotes.push(quote);
}
