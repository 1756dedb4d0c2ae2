import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { Instrument } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { Tick } from "../../../server/quote/feed/quote-feed.ts";
import { monotonicMicros } from "./monotonic-micros.ts";

const symbolCount = 100;

/** Publishes permitted ticks one after another, like a feed whose source has several ticks available. */
export class TickSource {
  readonly #publish: (tick: Tick) => void;
  #published = 0;

  constructor(publish: (tick: Tick) => void) {
    this.#publish = publish;
  }

  /** Publishes a number of ticks. */
  allow(count: number): void {
    for (let left = count; left > 0; left--) this.#publish(tickAt(this.#published++, tickSymbols, monotonicMicros()));
  }
}

/** The symbols of the source. */
export const tickSymbols: readonly string[] = Array.from({ length: symbolCount }, (_, index) => symbolAt(index));

/** The symbols as instruments of the hub. */
export function instrumentsOf(symbols: readonly string[]): Instrument[] {
  return symbols.map((symbol) => ({
    $typeName: "bourse.quote.v1.Instrument",
    symbol,
    name: "",
    currency: "USD",
    tickSize: 0.01,
    lotSize: 1n,
  }));
}

/** Creates the tick with an index. Each tick has the next symbol. */
export function tickAt(index: number, symbols: readonly string[], sourceTime: MicroTime): Tick {
  const seq = index + 1;
  const step = (seq % 200) / 100;
  return {
    symbol: symbols[index % symbols.length] ?? "",
    sourceTime,
    bid: 120.11 + step,
    ask: 120.12 + step,
    bidSize: BigInt(300 + (seq % 50)),
    askSize: BigInt(500 + (seq % 70)),
    last: 120.12 + step,
    lastSize: 100n,
    volume: BigInt(1_000_000 + 100 * seq),
    open: 119.5,
    high: 125,
    low: 118.25,
    previousClose: 119.75,
  };
}

function symbolAt(index: number): string {
  return `S${letter(Math.floor(index / 26))}${letter(index)}${letter(index * 7)}`;
}

function letter(index: number): string {
  return String.fromCharCode(65 + (index % 26));
}
