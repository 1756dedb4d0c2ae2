import { useState } from "react";
import { formatTime } from "../../shared/format-time.ts";
import type { Bar } from "./candle-series.ts";
import { formatPrice } from "./price-format.ts";

/** More rows are not read. */
const maxRows = 20;

/** The chart for those who do not see it: in a sentence, and the newest candles as a table. */
export function CandleTable({
  bars,
  decimals,
  sentence,
}: {
  bars: readonly Bar[];
  decimals: number;
  sentence: string;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="candles" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && <p>{sentence}</p>}
      {isOpen && <NewestCandles bars={bars} decimals={decimals} />}
    </details>
  );
}

function NewestCandles({ bars, decimals }: { bars: readonly Bar[]; decimals: number }) {
  const newest = bars.slice(-maxRows).reverse();
  return (
    <table className="grid">
      <caption>The newest {newest.length} candles</caption>
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
              // biome-ignore lint/suspicious/noArrayIndexKey: the columns stay where they are
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
