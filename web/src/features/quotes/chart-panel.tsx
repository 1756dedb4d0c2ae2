import { type ComponentProps, useEffect, useId, useState, useSyncExternalStore } from "react";
import type { CandleChart } from "./candle-chart.tsx";
import { candleSentence } from "./candle-sentence.ts";
import { type Chart, intervals } from "./candle-series.ts";
import { CandleTable } from "./candle-table.tsx";
import { decimalsOf } from "./price-format.ts";
import type { Listing, QuotesSession } from "./quotes-session.ts";

/** The chosen symbol's candles: drawn, in words, and as a table. */
export function ChartPanel(props: { session: QuotesSession; listing: Listing; symbol: string | undefined }) {
  const { session, listing, symbol } = props;
  const { candles } = session;
  const chart = useSyncExternalStore(candles.subscribe, candles.chart);
  const [interval, setInterval] = useState<(typeof intervals)[number]>(intervals[1]);
  const id = useId();
  useEffect(() => candles.choose(symbol, interval), [candles, symbol, interval]);
  if (symbol === undefined) return null;
  const instrument = listing.instruments.get(symbol);
  const decimals = decimalsOf(instrument?.tickSize ?? 0);
  const sentence = candleSentence(symbol, interval.name, chart.bars, decimals);
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
        <p className="quiet chart-space">{absenceOf(chart)}</p>
      ) : (
        <LazyChart chart={chart} decimals={decimals} label={sentence} />
      )}
      {chart.bars.length > 0 && <CandleTable bars={chart.bars} decimals={decimals} sentence={sentence} />}
    </section>
  );
}

/**
 * The chart's library is much of the page: it is loaded when the first candles are there, and tried again when others
 * are, as the server may have gone in between.
 */
function LazyChart(props: ComponentProps<typeof CandleChart>) {
  const [loaded, setLoaded] = useState<{ Chart?: typeof CandleChart }>({});
  const { loads } = props.chart;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each load of candles is a sign that the server is there
  useEffect(() => {
    import("./candle-chart.tsx").then(
      (module) => setLoaded({ Chart: module.CandleChart }),
      () => {}, // What the page says is still true.
    );
  }, [loads]);
  if (loaded.Chart === undefined) return <p className="quiet chart-space">Loading the chart…</p>;
  return <loaded.Chart {...props} />;
}

function absenceOf({ kind, reason }: Chart): string {
  switch (kind) {
    case "none":
    case "loading":
      return "Loading the candles…";
    case "shown":
      return "There are no candles yet.";
    case "failed":
      return reason ?? "The candles could not be loaded.";
  }
}
