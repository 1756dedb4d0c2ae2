import { maxSymbolBytes, type Tick } from "../../../client/quote/tick.ts";
import { fromTimestamp, type MicroClock, type MicroTime, microsPerDay } from "../../../client/shared/micro-time.ts";
import { formatTime } from "../../../client/shared/time-text.ts";
import { type Quote, QuoteProblem } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** What there is already, of each instrument. */
export interface Market {
  /** Whether an instrument has the symbol. */
  has(symbol: string): boolean;
  /** The newest quote of an instrument; undefined before the first. */
  newest(symbol: string): Quote | undefined;
  /** What times that are ahead are measured with. */
  readonly now: MicroClock;
}

/** How far ahead of the clock a quote's time may be: clocks differ, and time zones are mistaken for each other. */
const maxAheadMicros = microsPerDay;

/** Why a quote is refused: the kind, and a sentence with the numbers. */
export interface Refusal {
  readonly problem: QuoteProblem;
  readonly message: string;
}

const priceFields = ["bid", "ask", "last", "open", "high", "low", "previousClose"] as const;
const sizeFields = ["bidSize", "askSize", "lastSize", "volume"] as const;

/**
 * Looks quotes from outside over, one by one, before they are published. It remembers those that it has taken, so that
 * several may be taken before they are in the market.
 */
export class QuoteIntake {
  readonly #market: Market;
  /** Of each instrument, the newest time that was taken, and the newest number: at most one for each instrument. */
  readonly #newestTime = new Map<string, MicroTime>();
  readonly #newestSourceSeq = new Map<string, bigint>();

  constructor(market: Market) {
    this.#market = market;
  }

  /** The tick of a quote that can be published, or why it cannot. Its `seq` and `instrument_seq` do not count. */
  take(quote: Quote): Tick | Refusal {
    const sourceTime = quote.sourceTime && fromTimestamp(quote.sourceTime);
    const refusal =
      this.#unknown(quote) ??
      badPrices(quote) ??
      (sourceTime === undefined ? noTime(quote) : (this.#mistimed(quote, sourceTime) ?? this.#duplicate(quote)));
    if (refusal !== undefined) return refusal;
    return this.#accept(quote, sourceTime as MicroTime);
  }

  #unknown({ symbol }: Quote): Refusal | undefined {
    if (this.#market.has(symbol)) return undefined;
    return {
      problem: QuoteProblem.UNKNOWN_INSTRUMENT,
      message: `no instrument is called ${JSON.stringify(shownSymbol(symbol))}: ListInstruments tells those that there are`,
    };
  }

  #mistimed(quote: Quote, time: MicroTime): Refusal | undefined {
    const now = this.#market.now();
    if (time > now + maxAheadMicros) {
      const message = `its time ${formatTime(time)} is more than a day ahead of ${formatTime(now)}, the server's`;
      return { problem: QuoteProblem.AHEAD_OF_TIME, message };
    }
    const newest = this.#newestTimeOf(quote.symbol);
    if (newest === undefined || time >= newest) return undefined;
    const message = `its time ${formatTime(time)} is before ${formatTime(newest)}, the newest of ${quote.symbol}`;
    return { problem: QuoteProblem.BACK_IN_TIME, message };
  }

  #duplicate({ symbol, sourceSeq }: Quote): Refusal | undefined {
    if (sourceSeq === undefined) return undefined;
    const newest = this.#newestSourceSeqOf(symbol);
    if (newest === undefined || sourceSeq > newest) return undefined;
    const message = `its source_seq ${sourceSeq} is not above ${newest}, the newest of ${symbol}`;
    return { problem: QuoteProblem.DUPLICATE, message };
  }

  /** A feed may have published in between. */
  #newestTimeOf(symbol: string): MicroTime | undefined {
    const published = this.#market.newest(symbol)?.sourceTime;
    return larger(this.#newestTime.get(symbol), published && fromTimestamp(published));
  }

  #newestSourceSeqOf(symbol: string): bigint | undefined {
    return larger(this.#newestSourceSeq.get(symbol), this.#market.newest(symbol)?.sourceSeq);
  }

  #accept(quote: Quote, sourceTime: MicroTime): Tick {
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

/** A symbol as it is told back: one that is too long for any instrument is cut off. */
export function shownSymbol(symbol: string): string {
  return symbol.length > maxSymbolBytes ? `${symbol.slice(0, maxSymbolBytes).toWellFormed()}…` : symbol;
}

function badPrices(quote: Quote): Refusal | undefined {
  const { bid, ask, last } = quote;
  if (bid === undefined && ask === undefined && last === undefined) {
    return { problem: QuoteProblem.NO_PRICE, message: "it has no bid, no ask and no last price: give one at least" };
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

function noTime({ sourceTime }: Quote): Refusal {
  const message =
    sourceTime === undefined
      ? "it has no source_time"
      : `its source_time, ${sourceTime.seconds} s and ${sourceTime.nanos} ns, is no time of the years 1700 to 2255`;
  return { problem: QuoteProblem.NO_TIME, message };
}

function protoName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function larger<T extends number | bigint>(one: T | undefined, other: T | undefined): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other ? one : other;
}
