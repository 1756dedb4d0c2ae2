import { maxSymbolBytes, type Tick } from "../../../client/quote/tick.ts";
import { fromTimestamp, type MicroClock, type MicroTime, microsPerDay } from "../../../client/shared/micro-time.ts";
import { formatMicroTime } from "../../../client/shared/micro-time-text.ts";
import { type Quote, QuoteProblem } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** The instruments and their newest quotes. */
export interface Market {
  /** Whether an instrument has the symbol. */
  has(symbol: string): boolean;
  /** Returns the newest quote of an instrument; undefined before its first. */
  newest(symbol: string): Quote | undefined;
  /** The clock to which the times of quotes are compared. */
  readonly now: MicroClock;
}

/**
 * How far the time of a quote may be ahead of the clock, in microseconds: clocks differ, and clients confuse time
 * zones.
 */
const maxAheadMicros = microsPerDay;

/** Why a quote is rejected: the kind of problem, and a sentence with the values. */
export interface Rejection {
  readonly problem: QuoteProblem;
  readonly message: string;
}

const priceFields = ["bid", "ask", "last", "open", "high", "low", "previousClose"] as const;
const sizeFields = ["bidSize", "askSize", "lastSize", "volume"] as const;

/**
 * Validates the quotes of PublishQuotes before they are published. It remembers the newest accepted quote of each
 * instrument, so that it can accept several quotes before they are published.
 */
export class QuoteValidator {
  readonly #market: Market;
  /** By symbol; only accepted quotes, so that the size is bounded by the number of instruments. */
  readonly #newestTime = new Map<string, MicroTime>();
  readonly #newestSourceSeq = new Map<string, bigint>();

  constructor(market: Market) {
    this.#market = market;
  }

  /** Returns the tick of a valid quote, or why it is rejected. Ignores `seq` and `instrument_seq`. */
  accept(quote: Quote): Tick | Rejection {
    const rejection = this.#checkSymbol(quote) ?? checkPrices(quote);
    if (rejection !== undefined) return rejection;
    const sourceTime = quote.sourceTime && fromTimestamp(quote.sourceTime);
    if (sourceTime === undefined) return missingTime(quote);
    return this.#checkTime(quote, sourceTime) ?? this.#checkNumber(quote) ?? this.#remember(quote, sourceTime);
  }

  #checkSymbol({ symbol }: Quote): Rejection | undefined {
    if (this.#market.has(symbol)) return undefined;
    return {
      problem: QuoteProblem.UNKNOWN_INSTRUMENT,
      message: `no instrument has the symbol ${JSON.stringify(truncateSymbol(symbol))}: ListInstruments returns all instruments`,
    };
  }

  #checkTime(quote: Quote, time: MicroTime): Rejection | undefined {
    const now = this.#market.now();
    if (time > now + maxAheadMicros) {
      const message = `its time ${formatMicroTime(time)} is more than a day ahead of the server's, ${formatMicroTime(now)}`;
      return { problem: QuoteProblem.AHEAD_OF_TIME, message };
    }
    const newest = this.#newestTimeOf(quote.symbol);
    if (newest === undefined || time >= newest) return undefined;
    const message = `its time ${formatMicroTime(time)} is before ${formatMicroTime(newest)}, the newest of ${quote.symbol}`;
    return { problem: QuoteProblem.BACK_IN_TIME, message };
  }

  #checkNumber({ symbol, sourceSeq }: Quote): Rejection | undefined {
    if (sourceSeq === undefined) return undefined;
    const newest = this.#newestSourceSeqOf(symbol);
    if (newest === undefined || sourceSeq > newest) return undefined;
    const message = `its source_seq ${sourceSeq} is not above ${newest}, the newest of ${symbol}`;
    return { problem: QuoteProblem.DUPLICATE, message };
  }

  /** A feed may have published a newer quote than the last accepted one. */
  #newestTimeOf(symbol: string): MicroTime | undefined {
    const published = this.#market.newest(symbol)?.sourceTime;
    return larger(this.#newestTime.get(symbol), published && fromTimestamp(published));
  }

  #newestSourceSeqOf(symbol: string): bigint | undefined {
    return larger(this.#newestSourceSeq.get(symbol), this.#market.newest(symbol)?.sourceSeq);
  }

  #remember(quote: Quote, sourceTime: MicroTime): Tick {
    this.#newestTime.set(quote.symbol, sourceTime);
    if (quote.sourceSeq !== undefined) this.#newestSourceSeq.set(quote.symbol, quote.sourceSeq);
    const { symbol, bid, ask, bidSize, askSize, last, lastSize, volume } = quote;
    const { open, high, low, previousClose, sourceSeq } = quote;
    return {
      symbol,
      sourceTime,
      bid,
      ask,
      bidSize,
      askSize,
      last,
      lastSize,
      volume,
      open,
      high,
      low,
      previousClose,
      sourceSeq,
    };
  }
}

/** Truncates a symbol for a message if it is too long for any instrument. */
export function truncateSymbol(symbol: string): string {
  return symbol.length > maxSymbolBytes ? `${symbol.slice(0, maxSymbolBytes).toWellFormed()}…` : symbol;
}

function checkPrices(quote: Quote): Rejection | undefined {
  const { bid, ask, last } = quote;
  if (bid === undefined && ask === undefined && last === undefined) {
    return {
      problem: QuoteProblem.NO_PRICE,
      message: "it has no bid, no ask and no last price: set at least one of them",
    };
  }
  for (const field of priceFields) {
    const price = quote[field];
    if (price !== undefined && !Number.isFinite(price)) {
      return { problem: QuoteProblem.NOT_A_NUMBER, message: `its ${protoName(field)} is ${price}` };
    }
  }
  for (const field of [...priceFields, ...sizeFields]) {
    const value = quote[field];
    if (value !== undefined && value < 0) {
      return { problem: QuoteProblem.NEGATIVE, message: `its ${protoName(field)} is ${value}, below 0` };
    }
  }
  if (bid !== undefined && ask !== undefined && bid > ask) {
    return { problem: QuoteProblem.CROSSED, message: `its bid ${bid} is above its ask ${ask}` };
  }
  return undefined;
}

function missingTime({ sourceTime }: Quote): Rejection {
  const message =
    sourceTime === undefined
      ? "it has no source_time"
      : `its source_time, ${sourceTime.seconds} s and ${sourceTime.nanos} ns, must be in the years 1700 to 2255`;
  return { problem: QuoteProblem.NO_TIME, message };
}

function protoName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function larger<T extends number | bigint>(one: T | undefined, other: T | undefined): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}
