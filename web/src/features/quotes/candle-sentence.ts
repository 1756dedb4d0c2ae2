import { formatTime } from "../../shared/format-time.ts";
import type { Bar } from "./candle-series.ts";
import { formatPrice } from "./price-format.ts";

/** Tells in words what a chart shows. */
export function candleSentence(symbol: string, interval: string, bars: readonly Bar[], decimals: number): string {
  const [first, newest] = [bars[0], bars.at(-1)];
  if (first === undefined || newest === undefined) return `${symbol}: no candles of ${interval}.`;
  const high = Math.max(...bars.map((bar) => bar.high));
  const low = Math.min(...bars.map((bar) => bar.low));
  const price = (value: number) => formatPrice(value, decimals);
  const from = formatTime(first.time, newest.time);
  return `${symbol}: ${bars.length} candles of ${interval} since ${from}, from ${price(first.open)} to ${price(newest.close)}, between ${price(low)} and ${price(high)}.`;
}
