import { type ComponentProps, useEffect, useId, useState, useSyncExternalStore } from "react";
import type { CandleChart } from "./candle-chart.tsx";
import { CandleTable, describeCandles } from "./candle-table.tsx";
import { priceDecimals } from "./format-price.ts";
import { type CandlesState, intervals } from "./live-candles.ts";
import type { Listing, QuotesPageModel } from "./quotes-page-model.ts";

/** The candles of the selected symbol as a chart and as a table. */
export function ChartPanel(props: { model: QuotesPageModel; listing: Listing; symbol: string | undefined }) {
  const { model, listing, symbol } = props;
  const { candles } = model;
  const chart = useSyncExternalStore(candles.subscribe, candles.state);
  const [interval, setInterval] = useState<(typeof intervals)[number]>(intervals[1]);
  const id = useId();
  useEffect(() => candles.select(symbol, interval), [candles, symbol, interval]);
  if (symbol === undefined) return null;
  const instrument = listing.instruments.get(symbol);
  const decimals = priceDecimals(instrument?.tickSize ?? 0);
  const description = describeCandles(symbol, interval.name, chart.bars, decimals);
  return (
    <section className="chart" aria-labelledby={id} data-chart={chart.kind} data-symbol={symbol}>
      <div className="chart-head">
        <h2 id={id}>
          {symbol} <span className="quiet">{instrument?.name}</span>
        </h2>
        <fieldset className="intervals" aria-label="Interval">
          {intervals.map((choice) => (
            <button
              key={choice.name}
              type="button"
              aria-pressed={choice === interval}
              onClick={() => setInterval(choice)}
            >
              {choice.name}
            </button>
          ))}
        </fieldset>
      </div>
      {chart.bars.length === 0 ? (
        <p className="quiet chart-space">{describeEmpty(chart)}</p>
      ) : (
        <LazyChart chart={chart} decimals={decimals} label={description} />
      )}
      {chart.bars.length > 0 && <CandleTable bars={chart.bars} decimals={decimals} description={description} />}
    </section>
  );
}

/**
 * Loads the chart's library, a large part of the page's code, after the first candles. If that fails, it is loaded again
 * after the next candles, because the server may have been unreachable.
 */
function LazyChart(props: ComponentProps<typeof CandleChart>) {
  const [loaded, setLoaded] = useState<{ Chart?: typeof CandleChart }>({});
  const { loads } = props.chart;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a completed load of candles means that the server is reachable
  useEffect(() => {
    import("./candle-chart.tsx").then(
      (module) => setLoaded({ Chart: module.CandleChart }),
      () => {}, // the placeholder stays
    );
  }, [loads]);
  if (loaded.Chart === undefined) return <p className="quiet chart-space">Loading chart…</p>;
  return <loaded.Chart {...props} />;
}

function describeEmpty({ kind, reason }: CandlesState): string {
  switch (kind) {
    case "none":
    case "loading":
      return "Loading candles…";
    case "loaded":
      return "No candles yet";
    case "failed":
      return reason ?? "The candles could not be loaded";
  }
}
