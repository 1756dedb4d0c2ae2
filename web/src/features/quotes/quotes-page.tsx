import type { Transport } from "@connectrpc/connect";
import { useEffect, useState, useSyncExternalStore } from "react";
import { every250ms, everyFrame } from "../../shared/schedules.ts";
import { ChartPanel } from "./chart-panel.tsx";
import { QuoteTable } from "./quote-table.tsx";
import { QuotesSession } from "./quotes-session.ts";
import { StreamControls, StreamStatus } from "./stream-bar.tsx";
import { StreamDetails } from "./stream-details.tsx";
import { SymbolSearch } from "./symbol-search.tsx";
import "./quotes.css";

/** The live watchlist. The stream runs while the page is open. */
export function QuotesPage({ transport }: { transport: Transport }) {
  const [session] = useState(
    () =>
      new QuotesSession({
        transport,
        quotesSchedule: everyFrame,
        logSchedule: every250ms,
        random: Math.random,
      }),
  );
  useEffect(() => {
    const { stream } = session;
    const retry = () => stream.retry();
    session.start();
    addEventListener("online", retry);
    return () => {
      removeEventListener("online", retry);
      stream.close();
    };
  }, [session]);
  const listing = useSyncExternalStore(session.subscribe, session.listing);
  const [selected, select] = useState<string>();
  const charted = selected !== undefined && listing.symbols.includes(selected) ? selected : listing.symbols[0];
  return (
    <div className="quotes">
      <title>Quotes · Bourse</title>
      <div className="head">
        <h1>Quotes</h1>
        <StreamStatus session={session} />
        <StreamControls session={session} />
      </div>
      <div className="tools">
        <SymbolSearch listing={listing} onAdd={(symbol) => session.add(symbol)} />
        {listing.isCustom && (
          <button type="button" className="ghost" onClick={() => session.reset()}>
            Restore default list
          </button>
        )}
      </div>
      <div className="market">
        <ChartPanel session={session} listing={listing} symbol={charted} />
        <QuoteTable session={session} listing={listing} charted={charted} onSelect={select} />
      </div>
      <StreamDetails session={session} />
    </div>
  );
}
