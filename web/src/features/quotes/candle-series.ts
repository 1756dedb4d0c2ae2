import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Candle, CandleInterval, type Quote } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import type { ListCandlesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** How many candles the chart has: more are narrower than a pixel on most screens. */
export const maxCandles = 500;

/** The intervals to choose from, with their names and lengths. */
export const intervals = [
  { interval: CandleInterval.CANDLE_INTERVAL_1S, name: "1 s", millis: 1_000 },
  { interval: CandleInterval.CANDLE_INTERVAL_1M, name: "1 m", millis: 60_000 },
  { interval: CandleInterval.CANDLE_INTERVAL_5M, name: "5 m", millis: 300_000 },
  { interval: CandleInterval.CANDLE_INTERVAL_1H, name: "1 h", millis: 3_600_000 },
] as const;

export type Interval = (typeof intervals)[number];

/** The prices of an interval that begins at `time`, in milliseconds since 1970. */
export interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** What there is to show. The same object until it changes. */
export interface Chart {
  readonly kind: "none" | "loading" | "shown" | "failed";
  /** The oldest first. */
  readonly bars: readonly Bar[];
  /** Why it failed. */
  readonly reason?: string;
  /** Changes with what was loaded: all of it is others then, not only the newest. */
  readonly loads: number;
}

export interface CandleSeriesOptions {
  /** Loads the newest candles. */
  load(
    request: { symbol: string; interval: CandleInterval; limit: number },
    signal: AbortSignal,
  ): Promise<ListCandlesResponse>;
  /** When to show new quotes. */
  schedule: Schedule;
}

/** The candles of one symbol, outside React: those that the server has, which the quotes of the stream continue. */
export class CandleSeries {
  readonly #options: CandleSeriesOptions;
  readonly #notifier: Notifier;
  #symbol: string | undefined;
  #interval: Interval = intervals[1];
  #load: AbortController | undefined;
  #bars: Bar[] = [];
  #arrived: Quote[] = [];
  #chart: Chart = { kind: "none", bars: [], loads: 0 };

  constructor(options: CandleSeriesOptions) {
    this.#options = options;
    this.#notifier = new Notifier(options.schedule, () => {
      if (this.#chart.kind === "shown") this.#chart = { ...this.#chart, bars: this.#bars.slice() };
    });
  }

  /** Calls the listener after the chart changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** What there is to show. */
  readonly chart = (): Chart => this.#chart;

  /** Shows another symbol, or another interval; undefined: none. */
  choose(symbol: string | undefined, interval: Interval): void {
    if (symbol === this.#symbol && interval === this.#interval) return;
    this.#symbol = symbol;
    this.#interval = interval;
    this.#chart = { kind: symbol === undefined ? "none" : "loading", bars: [], loads: this.#chart.loads };
    this.#notifier.flush();
    this.reload();
  }

  /** Loads anew: quotes may have been missed. What is shown stays until then. */
  reload(): void {
    this.#load?.abort();
    if (this.#symbol === undefined) return;
    this.#load = new AbortController();
    this.#arrived = [];
    void this.#run(this.#symbol, this.#interval, this.#load.signal);
  }

  /** Takes quotes of the stream. Those of other symbols are ignored. */
  take(quotes: readonly Quote[]): void {
    let isChanged = false;
    for (const quote of quotes) {
      if (quote.symbol !== this.#symbol) continue;
      if (this.#load !== undefined && this.#arrived.length < maxArrived) this.#arrived.push(quote);
      isChanged = this.#add(quote) || isChanged;
    }
    if (isChanged) this.#notifier.touch();
  }

  async #run(symbol: string, interval: Interval, signal: AbortSignal): Promise<void> {
    const request = { symbol, interval: interval.interval, limit: maxCandles };
    try {
      const { candles } = await this.#options.load(request, signal);
      if (signal.aborted) return;
      this.#bars = candles.map(barOf);
      for (const quote of this.#arrived) this.#add(quote);
      this.#chart = { kind: "shown", bars: this.#bars, loads: this.#chart.loads + 1 };
    } catch (reason) {
      if (signal.aborted) return;
      this.#chart = { ...this.#chart, kind: "failed", reason: errorSentence(reason) };
    }
    this.#load = undefined;
    this.#arrived = [];
    this.#notifier.flush();
  }

  #add({ last, bid, ask, sourceTime }: Quote): boolean {
    const price = last ?? (bid !== undefined && ask !== undefined ? (bid + ask) / 2 : undefined);
    if (price === undefined || sourceTime === undefined) return false;
    const { millis } = this.#interval;
    const time = Math.floor(timestampMs(sourceTime) / millis) * millis;
    const newest = this.#bars.at(-1);
    if (newest !== undefined && time < newest.time) return false;
    if (newest?.time === time) this.#bars[this.#bars.length - 1] = { ...newest, ...reach(newest, price), close: price };
    else this.#bars.push({ time, open: price, high: price, low: price, close: price });
    if (this.#bars.length > maxCandles) this.#bars.shift();
    return true;
  }
}

// Quotes that come while the candles are loaded; a load that takes longer misses some until the next one.
const maxArrived = 10_000;

function reach({ high, low }: Bar, price: number): { high: number; low: number } {
  return { high: Math.max(high, price), low: Math.min(low, price) };
}

function barOf({ openTime = timestampFromMs(0), open, high, low, close }: Candle): Bar {
  return { time: timestampMs(openTime), open, high, low, close };
}
