import { microsPerSecond } from "../../../client/shared/micro-time.ts";
import { systemTimers, type Timers } from "../../../client/shared/timers.ts";
import type { Problem } from "../../logging/repeated-problem-log.ts";
import { Mutex } from "../../shared/mutex.ts";
import { StoreReadOnlyError } from "../../storage/storage-errors.ts";
import type { Tick } from "../feed/quote-feed.ts";
import type { CandleBuilder, CandleSink } from "./candle-builder.ts";
import {
  type CandleQuery,
  type CandleStore,
  type OpenCandle,
  type PriceCandle,
  retentionSeconds,
} from "./candle-store.ts";
import { InstrumentCandles } from "./instrument-candles.ts";

/** The interval between saves, in milliseconds: a crash loses at most the candles of one interval. */
export const saveIntervalMillis = 1_000;

/**
 * The maximum number of save intervals between two attempts while the store fails: 1 after the first failure, then
 * doubled each time. Saving succeeds again within a minute after a full disk has free space.
 */
const maxIntervalsBetweenAttempts = 60;

/**
 * The maximum number of complete candles that are kept in memory while the store fails: 20 MB. Later ones are lost and
 * counted.
 */
export const maxUnsavedCandles = 100_000;

// The number of new candles of a series after which its expired ones are removed: a statement for each would cost as
// much as saving the candle.
const candlesBetweenRemovals = 256;

// The limits on the removal after each save, which then takes some milliseconds.
const seriesPerRemoval = 20;
const candlesPerRemoval = 1_000;

/** A candle, and whether it is final. */
export interface ListedCandle extends PriceCandle {
  readonly complete: boolean;
}

export interface CandleList {
  /** The oldest first. */
  readonly candles: readonly ListedCandle[];
  /** Whether the limit has excluded older candles. */
  readonly truncated: boolean;
}

/** Lists candles. */
export interface Candles {
  /** Returns the candles at the time of the call, the open one included. */
  list(query: CandleQuery): Promise<CandleList>;
}

export interface CandleAggregatorOptions {
  readonly store: CandleStore;
  /** Default: {@link systemTimers}. */
  readonly timers?: Timers;
  /** Receives the errors of saves. Candles that could not be saved are kept, and saved later. */
  readonly problem: Problem;
  /** Default: {@link maxUnsavedCandles}. */
  readonly maxUnsaved?: number;
}

/**
 * Builds the candles of all instruments from their ticks, and saves them about once a second. Continues the candles that
 * were open when the server stopped. Disposing of it saves the last candles.
 */
export class CandleAggregator implements Candles, AsyncDisposable {
  readonly #store: CandleStore;
  readonly #problem: Problem;
  readonly #maxUnsaved: number;
  readonly #stopTimer: () => void;
  readonly #instruments = new Map<string, InstrumentCandles>();
  /** The instruments that had a tick since the previous save. */
  #changed = new Set<InstrumentCandles>();
  /** Complete candles that are not saved, in the order in which they were completed. */
  readonly #unsaved: PriceCandle[] = [];
  /** The number of candles that each series has completed since its expired ones were removed. */
  readonly #completed = new Map<CandleBuilder, number>();
  readonly #withExpired = new Set<CandleBuilder>();
  readonly #saves = new Mutex();
  /** `intervals`: the save intervals between two attempts. `left`: those that remain until the next attempt. */
  #backOff = { intervals: 1, left: 0 };
  #lateCount = 0;
  #lostCount = 0;
  readonly #sink: CandleSink = {
    late: () => this.#lateCount++,
    complete: (builder, candle) => this.#complete(builder, candle),
  };

  /** Opens the candles of some instruments. Does not change the stored candles of others. */
  static async open(symbols: Iterable<string>, options: CandleAggregatorOptions): Promise<CandleAggregator> {
    return new CandleAggregator(symbols, await options.store.openCandles(), options);
  }

  private constructor(symbols: Iterable<string>, open: readonly OpenCandle[], options: CandleAggregatorOptions) {
    this.#store = options.store;
    this.#problem = options.problem;
    this.#maxUnsaved = options.maxUnsaved ?? maxUnsavedCandles;
    for (const symbol of symbols) this.#instruments.set(symbol, new InstrumentCandles(symbol));
    for (const candle of open) this.#instruments.get(candle.symbol)?.restore(candle);
    this.#stopTimer = (options.timers ?? systemTimers).every(saveIntervalMillis, () => {
      if (!this.#saves.isLocked && --this.#backOff.left < 0) void this.save();
    });
  }

  /** How often a tick arrived after its candle was complete, and is not contained in it. */
  get lateCount(): number {
    return this.#lateCount;
  }

  /** The number of complete candles that were lost because the store failed for too long. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /**
   * Adds ticks, in their order. Ignores ticks of instruments that it was not opened with.
   *
   * @param areBars whether their open, high, low and volume are those of the bars, not those of the session
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
    // Read the memory first: a candle that is saved meanwhile is then found twice, and not missed.
    const own = this.#ownCandles(query);
    const stored = await this.#store.list({ ...query, limit: query.limit + 1 });
    const byTime = new Map(own.map((candle) => [candle.openTime, candle]));
    for (const candle of stored) byTime.set(candle.openTime, { ...candle, complete: true });
    const candles = [...byTime.values()].sort((a, b) => a.openTime - b.openTime);
    return { candles: candles.slice(-query.limit), truncated: candles.length > query.limit };
  }

  /** Saves all changes before the call. Resolves when they are saved or the store has failed; never rejects. */
  save(): Promise<void> {
    return this.#saves.run(() => this.#saveOnce());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    await this.save();
  }

  #complete(builder: CandleBuilder, candle: PriceCandle): void {
    if (this.#unsaved.length < this.#maxUnsaved) this.#unsaved.push(candle);
    else this.#lostCount++;
    const completed = (this.#completed.get(builder) ?? candlesBetweenRemovals) + 1;
    if (completed > candlesBetweenRemovals) this.#withExpired.add(builder);
    this.#completed.set(builder, completed);
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
      // The store has reported the failure, and no later attempt can succeed.
      if (error instanceof StoreReadOnlyError) return this.#stopTimer();
      const { intervals } = this.#backOff;
      this.#backOff = { intervals: Math.min(2 * intervals, maxIntervalsBetweenAttempts), left: intervals };
      this.#problem.report(error);
    }
  }

  /** Moves a series to the end of the set if it has more expired candles than the limit for one removal. */
  async #removeOld(): Promise<void> {
    for (const builder of [...this.#withExpired].slice(0, seriesPerRemoval)) {
      const { symbol, span, openTime = 0 } = builder;
      const oldest = openTime - retentionSeconds[span] * microsPerSecond;
      const removed = await this.#store.removeBefore(symbol, span, oldest, candlesPerRemoval);
      this.#withExpired.delete(builder);
      if (removed === candlesPerRemoval) this.#withExpired.add(builder);
      else this.#completed.set(builder, 0);
    }
  }
}
