import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Candle, CandleInterval, type Quote } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import type { ListCandlesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { describeError } from "../../shared/describe-error.ts";

/** The maximum number of candles in the chart: more would be narrower than a pixel on most screens. */
export const maxCandles = 500;

/** The selectable intervals, with their names and durations. */
export const intervals = [
  { interval: CandleInterval.CANDLE_INTERVAL_1S, name: "1 s", millis: 1_000 },
  { interval: CandleInterval.CANDLE_INTERVAL_1M, name: "1 m", millis: 60_000 },
  { interval: CandleInterval.CANDLE_INTERVAL_5M, name: "5 m", millis: 300_000 },
  { interval: CandleInterval.CANDLE_INTERVAL_1H, name: "1 h", millis: 3_600_000 },
] as const;

export type Interval = (typeof intervals)[number];

/** The prices of an interval that starts at `time`, in milliseconds since 1970. */
export interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** The loaded candles. The same object until it changes. */
export interface CandlesState {
  readonly kind: "none" | "loading" | "loaded" | "failed";
  /** The oldest first. */
  readonly bars: readonly Bar[];
  /** The error of a failed load. */
  readonly reason?: string;
  /** The number of completed loads. A load replaces all bars; between two loads only the newest ones change. */
  readonly loads: number;
}

export interface LiveCandlesOptions {
  /** Loads the newest candles. */
  load(
    request: { symbol: string; interval: CandleInterval; limit: number },
    signal: AbortSignal,
  ): Promise<ListCandlesResponse>;
  /** Schedules updates of the page. */
  schedule: Schedule;
}

/** The candles of one symbol, outside React: loaded from the server and continued with the quotes of the stream. */
export class LiveCandles {
  readonly #options: LiveCandlesOptions;
  readonly #notifier: ChangeNotifier;
  #symbol: string | undefined;
  #interval: Interval = intervals[1];
  #load: AbortController | undefined;
  #bars: Bar[] = [];
  #pending: Quote[] = [];
  #state: CandlesState = { kind: "none", bars: [], loads: 0 };

  constructor(options: LiveCandlesOptions) {
    this.#options = options;
    this.#notifier = new ChangeNotifier(options.schedule, () => {
      if (this.#state.kind === "loaded") this.#state = { ...this.#state, bars: this.#bars.slice() };
    });
  }

  /** Adds a listener for changes of the state. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the state: the same object until it changes. */
  readonly state = (): CandlesState => this.#state;

  /** Selects a symbol and an interval. Undefined: no symbol. */
  select(symbol: string | undefined, interval: Interval): void {
    if (symbol === this.#symbol && interval === this.#interval) return;
    this.#symbol = symbol;
    this.#interval = interval;
    this.#state = { kind: symbol === undefined ? "none" : "loading", bars: [], loads: this.#state.loads };
    this.#notifier.flush();
    this.reload();
  }

  /** Loads the candles again, because quotes may have been missed. The current ones stay until then. */
  reload(): void {
    this.#load?.abort();
    if (this.#symbol === undefined) return;
    this.#load = new AbortController();
    this.#pending = [];
    void this.#loadCandles(this.#symbol, this.#interval, this.#load.signal);
  }

  /** Adds quotes of the stream. Quotes of other symbols are ignored. */
  addQuotes(quotes: readonly Quote[]): void {
    let isChanged = false;
    for (const quote of quotes) {
      if (quote.symbol !== this.#symbol) continue;
      if (this.#load !== undefined && this.#pending.length < maxPending) this.#pending.push(quote);
      isChanged = this.#addQuote(quote) || isChanged;
    }
    if (isChanged) this.#notifier.notify();
  }

  async #loadCandles(symbol: string, interval: Interval, signal: AbortSignal): Promise<void> {
    const request = { symbol, interval: interval.interval, limit: maxCandles };
    try {
      const { candles } = await this.#options.load(request, signal);
      if (signal.aborted) return;
      this.#bars = candles.map(toBar);
      for (const quote of this.#pending) this.#addQuote(quote);
      this.#state = { kind: "loaded", bars: this.#bars, loads: this.#state.loads + 1 };
    } catch (reason) {
      if (signal.aborted) return;
      this.#state = { ...this.#state, kind: "failed", reason: describeError(reason) };
    }
    this.#load = undefined;
    this.#pending = [];
    this.#notifier.flush();
  }

  #addQuote({ last, bid, ask, sourceTime }: Quote): boolean {
    const price = last ?? (bid !== undefined && ask !== undefined ? (bid + ask) / 2 : undefined);
    if (price === undefined || sourceTime === undefined) return false;
    const { millis } = this.#interval;
    const time = Math.floor(timestampMs(sourceTime) / millis) * millis;
    const newest = this.#bars.at(-1);
    if (newest !== undefined && time < newest.time) return false;
    if (newest?.time === time)
      this.#bars[this.#bars.length - 1] = { ...newest, ...extendRange(newest, price), close: price };
    else this.#bars.push({ time, open: price, high: price, low: price, close: price });
    if (this.#bars.length > maxCandles) this.#bars.shift();
    return true;
  }
}

// The maximum number of quotes to keep during a load. If there are more, the candles miss some until the next load.
const maxPending = 10_000;

function extendRange({ high, low }: Bar, price: number): { high: number; low: number } {
  return { high: Math.max(high, price), low: Math.min(low, price) };
}

function toBar({ openTime = timestampFromMs(0), open, high, low, close }: Candle): Bar {
  return { time: timestampMs(openTime), open, high, low, close };
}
