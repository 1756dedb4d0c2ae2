import { createClient, type Transport } from "@connectrpc/connect";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { yieldToEventLoop } from "../../../../client/shared/timers.ts";
import { OrderService } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { downloadTextFile } from "../../shared/download-text-file.ts";
import { every250ms, everyFrame } from "../../shared/notifier-schedules.ts";
import { ExportControls, ExportStatus } from "./export-bar.tsx";
import { ExportProtocolDetails } from "./export-protocol-details.tsx";
import { formatOrderCsv } from "./format-order-csv.ts";
import { OrderFilterForm } from "./order-filter-form.tsx";
import { formatOrderQuery, isFilter, parseFilter, parseOrderQuery } from "./order-query.ts";
import { OrderStream } from "./order-stream.ts";
import { OrderSummaryPanel } from "./order-summary-panel.tsx";
import { OrderSummaryPanelModel } from "./order-summary-panel-model.ts";
import { OrderTable } from "./order-table.tsx";
import "./orders.css";

/** The order store: a filter, the summary of the selected orders, and their export into a table. Leaving the page cancels the export. */
export function OrdersPage(props: {
  transport: Transport;
  /** The query string of the page's address, which stores the filter. */
  queryString: string;
  onQueryString: (queryString: string) => void;
}) {
  const { queryString, onQueryString } = props;
  const [model] = useState(() => createModel(props.transport));
  const { orderExport, summary } = model;
  const query = useMemo(() => parseOrderQuery(queryString), [queryString]);
  const filter = useMemo(() => parseFilter(query), [query]);
  useEffect(() => {
    const retry = () => {
      if (orderExport.state().kind === "reconnecting") void orderExport.resume();
    };
    addEventListener("online", retry);
    return () => {
      removeEventListener("online", retry);
      orderExport.close();
    };
  }, [orderExport]);
  useEffect(() => {
    if (isFilter(filter)) void summary.load(filter);
    return () => summary.close();
  }, [summary, filter]);
  const state = useSyncExternalStore(orderExport.subscribe, orderExport.state);
  return (
    <div className="orders">
      <title>Orders · Bourse</title>
      <div className="head">
        <h1>Orders</h1>
        <ExportStatus state={state} />
        <ExportControls
          state={state}
          orderExport={orderExport}
          onStart={isFilter(filter) ? () => void orderExport.start(filter) : undefined}
          onDownload={() =>
            void downloadTextFile("orders.csv", "text/csv", formatOrderCsv(state.store, state.received))
          }
        />
      </div>
      <div className="tools order-tools">
        <OrderFilterForm applied={query} onApply={(applied) => onQueryString(formatOrderQuery(applied))} />
        <OrderSummaryPanel summary={summary} />
      </div>
      <OrderTable store={state.store} count={state.received} isBusy={state.kind === "receiving"} />
      <ExportProtocolDetails state={state} />
    </div>
  );
}

function createModel(transport: Transport) {
  const client = createClient(OrderService, transport);
  return {
    // Not at every frame: with many rows, the table takes some milliseconds to update their number.
    orderExport: new OrderStream({ client, schedule: every250ms, yieldToEventLoop, random: Math.random }),
    summary: new OrderSummaryPanelModel(client, everyFrame),
  };
}
