import { useSyncExternalStore } from "react";
import { priceDecimals } from "./format-price.ts";
import { QuoteRow } from "./quote-row.tsx";
import type { StreamState } from "./quote-stream.ts";
import type { Listing, QuotesPageModel } from "./quotes-page-model.ts";

/** The table of the watchlist. Each row subscribes to its own symbol, so that a quote renders one row. */
export function QuoteTable(props: {
  model: QuotesPageModel;
  listing: Listing;
  /** The symbol in the chart. */
  charted: string | undefined;
  onSelect: (symbol: string) => void;
}) {
  const { model, listing, charted, onSelect } = props;
  const { stream } = model;
  const isLive = useSyncExternalStore(stream.subscribe, () => isFresh(stream.state()));
  const { symbols, instruments } = listing;
  const decimals = symbols.map((symbol) => priceDecimals(instruments.get(symbol)?.tickSize ?? 0));
  const mostDecimals = Math.max(0, ...decimals);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable
    <section className="scroll" aria-labelledby="quotes-caption" tabIndex={0}>
      <table className="grid quote-table" data-fresh={isLive}>
        <caption id="quotes-caption">Watchlist, {symbols.length} symbols</caption>
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col">Name</th>
            <th scope="col">Bid</th>
            <th scope="col">Ask</th>
            <th scope="col">Last</th>
            <th scope="col">Change</th>
            <th scope="col">Change %</th>
            <th scope="col">Volume</th>
            <th scope="col">Time</th>
            <th scope="col">
              <span className="unseen">Remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {symbols.map((symbol, index) => (
            <QuoteRow
              key={symbol}
              symbol={symbol}
              name={instruments.get(symbol)?.name ?? ""}
              decimals={decimals[index] ?? 0}
              mostDecimals={mostDecimals}
              model={model}
              isCharted={symbol === charted}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function isFresh({ kind }: StreamState): boolean {
  return kind === "live" || kind === "paused" || kind === "replaying";
}
