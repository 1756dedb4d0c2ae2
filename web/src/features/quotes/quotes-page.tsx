import type { Transport } from "@connectrpc/connect";
import { useEffect, useState, useSyncExternalStore } from "react";
import { every250ms, everyFrame } from "../../shared/notifier-schedules.ts";
import { AddSymbolForm } from "./add-symbol-form.tsx";
import { ChartPanel } from "./chart-panel.tsx";
import { QuoteTable } from "./quote-table.tsx";
import { QuotesPageModel } from "./quotes-page-model.ts";
import { StreamControls, StreamStatus } from "./stream-bar.tsx";
import { StreamProtocolDetails } from "./stream-protocol-details.tsx";
import "./quotes.css";

/** The live watchlist. The stream runs while the page is open. */
export function QuotesPage({ transport }: { transport: Transport }) {
  const [model] = useState(
    () =>
      new QuotesPageModel({
        transport,
        quotesSchedule: everyFrame,
        detailsSchedule: every250ms,
        random: Math.random,
      }),
  );
  useEffect(() => {
    const { stream } = model;
    const retry = () => stream.retry();
    model.start();
    addEventListener("online", retry);
    return () => {
      removeEventListener("online", retry);
      stream.close();
    };
  }, [model]);
  const listing = useSyncExternalStore(model.subscribe, model.listing);
  const [selected, select] = useState<string>();
  const charted = selected !== undefined && listing.symbols.includes(selected) ? selected : listing.symbols[0];
  return (
    <div className="quotes">
      <title>Quotes · Bourse</title>
      <div className="head">
        <h1>Quotes</h1>
        <StreamStatus model={model} />
        <StreamControls model={model} />
      </div>
      <div className="tools">
        <AddSymbolForm listing={listing} onAdd={(symbol) => model.add(symbol)} />
        {listing.isCustom && (
          <button type="button" className="ghost" onClick={() => model.reset()}>
            Restore default list
          </button>
        )}
      </div>
      <div className="market">
        <ChartPanel model={model} listing={listing} symbol={charted} />
        <QuoteTable model={model} listing={listing} charted={charted} onSelect={select} />
      </div>
      <StreamProtocolDetails model={model} />
    </div>
  );
}
