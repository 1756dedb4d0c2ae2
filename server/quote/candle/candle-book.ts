import { microsPerSecond } from "../../../client/shared/micro-time.ts";
import { systemTimers, type Timers } from "../../../client/shared/timers.ts";
import type { Problem } from "../../logging/repeated-problem.ts";
import { Mutex } from "../../shared/mutex.ts";
import { StoreReadOnlyError } from "../../storage/storage-errors.ts";
import type { Tick } from "../feed/quote-feed.ts";
import type { CandleSeries, CandleSink } from "./candle-series.ts";
import { keptSeconds } from "./candle-span.ts";
import type { CandleQuery, CandleStore, OpenCandle, PriceCandle } from "./candle-store.ts";
import type { CandleList, Candles, ListedCandle } from "./candles.ts";
import { InstrumentCandles } from "./instrument-candles.ts";

/** How often candles are stored, in milliseconds: what a crash can lose. */
export const saveIntervalMillis = 1_000;

/**
 * How many save intervals pass between two attempts at most, if the store fails: after the first failure one, then twice
 * as many each time. A full disk is found to have room again within a minute.
 */
const maxIntervalsBetweenAttempts = 60;

/** How many complete candles may wait where the store fails: 20 MB. Later ones are lost and counted. */
export const maxUnsavedCandles = 100_000;

// Too old candles are removed after so many new ones of the same series: a statement for each would be as dear as the
// candle, and so much beyond the limit does no harm.
const candlesBetweenRemovals = 256;

// How many series are cleaned up after each saving, and how many candles of each are removed: some milliseconds.
const seriesPerRemoval = 20;
const candlesPerRemoval = 1_000;

export interface CandleBookOptions {
  readonly store: CandleStore;
  /** Default: {@link systemTimers}. */
  readonly timers?: Timers;
  /** Watches over the storing. What could not be stored is kept, and tried again later. */
  readonly problem: Problem;
  /** Default: {@link maxUnsavedCandles}. */
  readonly maxUnsaved?: number;
}

/**
 * Builds the candles of all instruments from what is published, stores them about once a second, and goes on with
 * those that a server before left open. Dispose of it to store the last of them.
 */
export class CandleBook implements Candles, AsyncDisposable {
  readonly #store: CandleStore;
  readonly #problem: Problem;
  readonly #maxUnsaved: number;
  readonly #stopTimer: () => void;
  readonly #instruments = new Map<string, InstrumentCandles>();
  /** Those that a tick came for since they were stored. */
  #changed = new Set<InstrumentCandles>();
  /** Complete and not yet stored, in the order in which they were completed. */
  readonly #unsaved: PriceCandle[] = [];
  /** How many candles each series has completed since its too old ones were removed. */
  readonly #completed = new Map<CandleSeries, number>();
  readonly #overfull = new Set<CandleSeries>();
  readonly #saves = new Mutex();
  /** How many save intervals pass between attempts, and how many are left until the next one. */
  #backOff = { intervals: 1, left: 0 };
  #lateCount = 0;
  #lostCount = 0;
  readonly #sink: CandleSink = {
    late: () => this.#lateCount++,
    complete: (series, candle) => this.#complete(series, candle),
  };

  /** Opens the book of some instruments: candles of others stay as they are in the store. */
  static async open(symbols: Iterable<string>, options: CandleBookOptions): Promise<CandleBook> {
    return new CandleBook(symbols, await options.store.openCandles(), options);
  }

  private constructor(symbols: Iterable<string>, open: readonly OpenCandle[], options: CandleBookOptions) {
    this.#store = options.store;
    this.#problem = options.problem;
    this.#maxUnsaved = options.maxUnsaved ?? maxUnsavedCandles;
    for (const symbol of symbols) this.#instruments.set(symbol, new InstrumentCandles(symbol));
    for (const candle of open) this.#instruments.get(candle.symbol)?.restore(candle);
    this.#stopTimer = (options.timers ?? systemTimers).every(saveIntervalMillis, () => {
      if (!this.#saves.isLocked && --this.#backOff.left < 0) void this.save();
    });
  }

  /** How often a tick came too late for a candle, and so is missing in it. */
  get lateCount(): number {
    return this.#lateCount;
  }

  /** How many complete candles were lost because the store failed for too long. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /**
   * Adds ticks of the book's instruments, in their order; others are ignored.
   *
   * @param areBars whether their open, high, low and volume are their own, rather than those of the session
   */
  add(ticks: readonly Tick[], areBars = false): void {
    for (const tick of ticks) {
      const candles = this.#instruments.get(tick.symbol);
      if (candles === undefined) continue;
      candles.add(tick, areBars, this.#sink);
      this.#changed.add(candles);
    }
  }

  async list(query: CandleQuery): Promise<CandleList> {
    // Before the store is read: what is stored meanwhile is then found twice, and not missed.
    const own = this.#ownCandles(query);
    const stored = await this.#store.list({ ...query, limit: query.limit + 1 });
    const byTime = new Map(own.map((candle) => [candle.openTime, candle]));
    for (const candle of stored) byTime.set(candle.openTime, { ...candle, complete: true });
    const candles = [...byTime.values()].sort((a, b) => a.openTime - b.openTime);
    return { candles: candles.slice(-query.limit), truncated: candles.length > query.limit };
  }

  /** Stores what has changed. Resolves when all is stored that had changed before the call, or the store has failed. */
  save(): Promise<void> {
    return this.#saves.run(() => this.#saveOnce());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    await this.save();
  }

  #complete(series: CandleSeries, candle: PriceCandle): void {
    if (this.#unsaved.length < this.#maxUnsaved) this.#unsaved.push(candle);
    else this.#lostCount++;
    const completed = (this.#completed.get(series) ?? candlesBetweenRemovals) + 1;
    if (completed > candlesBetweenRemovals) this.#overfull.add(series);
    this.#completed.set(series, completed);
  }

  #ownCandles({ symbol, span, start, end }: CandleQuery): ListedCandle[] {
    const own: ListedCandle[] = [];
    const take = (candle: PriceCandle, complete: boolean) => {
      if (candle.symbol !== symbol || candle.span !== span || candle.openTime < start || candle.openTime >= end) return;
      own.push({ ...candle, complete });
    };
    for (const candle of this.#unsaved) take(candle, true);
    for (const candle of this.#instruments.get(symbol)?.open() ?? []) take(candle, false);
    return own;
  }

  async #saveOnce(): Promise<void> {
    const changed = this.#changed;
    const complete = this.#unsaved.slice();
    if (changed.size === 0 && complete.length === 0) return;
    this.#changed = new Set();
    try {
      await this.#store.save({ complete, open: [...changed].flatMap((candles) => candles.open()) });
      this.#unsaved.splice(0, complete.length);
      await this.#removeOld();
      this.#backOff = { intervals: 1, left: 0 };
      this.#problem.resolve();
    } catch (error) {
      for (const candles of changed) this.#changed.add(candles);
      // The store itself has reported that, and no later attempt can succeed.
      if (error instanceof StoreReadOnlyError) return this.#stopTimer();
      const { intervals } = this.#backOff;
      this.#backOff = { intervals: Math.min(2 * intervals, maxIntervalsBetweenAttempts), left: intervals };
      this.#problem.report(error);
    }
  }

  /** A series that has more to remove than is removed at once stays in line. */
  async #removeOld(): Promise<void> {
    for (const series of [...this.#overfull].slice(0, seriesPerRemoval)) {
      const { symbol, span, openTime = 0 } = series;
      const oldest = openTime - keptSeconds[span] * microsPerSecond;
      const removed = await this.#store.removeBefore(symbol, span, oldest, candlesPerRemoval);
      this.#overfull.delete(series);
      if (removed === candlesPerRemoval) this.#overfull.add(series);
      else this.#completed.set(series, 0);
    }
  }
}
