import type { Transport } from "@connectrpc/connect";
import { useEffect, useState, useSyncExternalStore } from "react";
import { eachFrame, readably } from "../../shared/schedules.ts";
import { ChartPanel } from "./chart-panel.tsx";
import { QuoteTable } from "./quote-table.tsx";
import { QuotesSession } from "./quotes-session.ts";
import { StreamControls } from "./stream-controls.tsx";
import { StreamStatus } from "./stream-status.tsx";
import { SymbolSearch } from "./symbol-search.tsx";
import { WirePanel } from "./wire-panel.tsx";
import "./quotes.css";

/** The live watchlist. The stream begins when the page is opened and ends when it is left. */
export function QuotesPage({ transport }: { transport: Transport }) {
  const [session] = useState(
    () =>
      new QuotesSession({
        transport,
        quotesSchedule: eachFrame,
        wireSchedule: readably,
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
  const [chosen, choose] = useState<string>();
  const charted = chosen !== undefined && listing.symbols.includes(chosen) ? chosen : listing.symbols[0];
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
        {listing.chosen && (
          <button type="button" className="ghost" onClick={() => session.reset()}>
            Back to the default list
          </button>
        )}
      </div>
      <div className="market">
        <ChartPanel session={session} listing={listing} symbol={charted} />
        <QuoteTable session={session} listing={listing} charted={charted} onChoose={choose} />
      </div>
      <WirePanel session={session} />
    </div>
  );
}
