import { useState } from "react";
import { formatTime } from "../../shared/format-values.ts";
import { formatPrice } from "./format-price.ts";
import type { Bar } from "./live-candles.ts";

/** The maximum number of candles in the table. */
const maxRows = 20;

/** The text alternative of the chart: a description, and a table of the newest candles. */
export function CandleTable({
  bars,
  decimals,
  description,
}: {
  bars: readonly Bar[];
  decimals: number;
  description: string;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="candles" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as table</summary>
      {isOpen && <p>{description}</p>}
      {isOpen && <NewestCandles bars={bars} decimals={decimals} />}
    </details>
  );
}

function NewestCandles({ bars, decimals }: { bars: readonly Bar[]; decimals: number }) {
  const newest = bars.slice(-maxRows).reverse();
  return (
    <table className="grid">
      <caption>Newest {newest.length} candles</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Open</th>
          <th scope="col">High</th>
          <th scope="col">Low</th>
          <th scope="col">Close</th>
        </tr>
      </thead>
      <tbody>
        {newest.map((bar) => (
          <tr key={bar.time}>
            <th scope="row">{formatTime(bar.time, Date.now())}</th>
            {[bar.open, bar.high, bar.low, bar.close].map((price, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the columns have a fixed order
              <td key={index} className="number">
                {formatPrice(price, decimals)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Describes the candles of a chart in one sentence. */
export function describeCandles(symbol: string, interval: string, bars: readonly Bar[], decimals: number): string {
  const [first, newest] = [bars[0], bars.at(-1)];
  if (first === undefined || newest === undefined) return `${symbol}: no candles of ${interval}`;
  const high = Math.max(...bars.map((bar) => bar.high));
  const low = Math.min(...bars.map((bar) => bar.low));
  const format = (value: number) => formatPrice(value, decimals);
  const from = formatTime(first.time, newest.time);
  return `${symbol}: ${bars.length} candles of ${interval} since ${from}, open ${format(first.open)}, close ${format(newest.close)}, low ${format(low)}, high ${format(high)}`;
}
