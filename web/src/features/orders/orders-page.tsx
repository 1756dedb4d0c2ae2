import { createClient, type Transport } from "@connectrpc/connect";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { yieldToEventLoop } from "../../../../client/shared/timers.ts";
import { OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { downloadText } from "../../shared/download.ts";
import { eachFrame, readably } from "../../shared/schedules.ts";
import { ExportControls } from "./export-controls.tsx";
import { ExportStatus } from "./export-status.tsx";
import { FilterForm } from "./filter-form.tsx";
import { csvParts } from "./order-csv.ts";
import { OrderExport } from "./order-export.ts";
import { filterOf, formatOrderQuery, isFilter, parseOrderQuery } from "./order-query.ts";
import { OrderSummary } from "./order-summary.ts";
import { OrderTable } from "./order-table.tsx";
import { SummaryPanel } from "./summary-panel.tsx";
import { WirePanel } from "./wire-panel.tsx";
import "./orders.css";

/** The order book: what a filter selects, summed up, and exported into a table. Leaving the page cancels the export. */
export function OrdersPage(props: {
  transport: Transport;
  /** The search part of the page's address, which keeps the filter. */
  search: string;
  onSearch: (search: string) => void;
}) {
  const { search, onSearch } = props;
  const [session] = useState(() => sessionOf(props.transport));
  const { run, summary } = session;
  const query = useMemo(() => parseOrderQuery(search), [search]);
  const filter = useMemo(() => filterOf(query), [query]);
  useEffect(() => {
    const retry = () => {
      if (run.state().kind === "waiting") void run.proceed();
    };
    addEventListener("online", retry);
    return () => {
      removeEventListener("online", retry);
      run.close();
    };
  }, [run]);
  useEffect(() => {
    if (isFilter(filter)) void summary.ask(filter);
    return () => summary.close();
  }, [summary, filter]);
  const state = useSyncExternalStore(run.subscribe, run.state);
  return (
    <div className="orders">
      <title>Orders · Bourse</title>
      <div className="head">
        <h1>Orders</h1>
        <ExportStatus state={state} />
        <ExportControls
          state={state}
          run={run}
          onStart={isFilter(filter) ? () => void run.start(filter) : undefined}
          onDownload={() => void downloadText("orders.csv", "text/csv", csvParts(state.store, state.received))}
        />
      </div>
      <div className="tools order-tools">
        <FilterForm applied={query} onApply={(applied) => onSearch(formatOrderQuery(applied))} />
        <SummaryPanel summary={summary} />
      </div>
      <OrderTable store={state.store} count={state.received} isBusy={state.kind === "receiving"} />
      <WirePanel state={state} />
    </div>
  );
}

function sessionOf(transport: Transport) {
  const client = createClient(OrderService, transport);
  return {
    // Not at every frame: each change of the number of rows costs the table some milliseconds where there are many.
    run: new OrderExport({ client, schedule: readably, nextTurn: yieldToEventLoop, random: Math.random }),
    summary: new OrderSummary(client, eachFrame),
  };
}
