import { useSyncExternalStore } from "react";
import type { GetOrderSummaryResponse } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { formatCount, formatDecimal } from "../../shared/format-values.ts";
import type { OrderSummaryPanelModel, SummaryState } from "./order-summary-panel-model.ts";

// The maximum number of currencies to show: more would push the table off the screen.
const maxTotals = 12;

/** The number of selected orders and their total amount in each currency. */
export function OrderSummaryPanel({ summary }: { summary: OrderSummaryPanelModel }) {
  const state = useSyncExternalStore(summary.subscribe, summary.state);
  const loaded = loadedSummary(state);
  return (
    <section
      className="summary-panel"
      aria-label="Summary"
      aria-busy={state.kind === "loading"}
      data-state={state.kind}
    >
      {loaded !== undefined && <Totals summary={loaded} />}
      <p role="status" className={state.kind === "failed" ? "problem" : "unseen"}>
        {describeState(state)}
      </p>
    </section>
  );
}

function Totals({ summary }: { summary: GetOrderSummaryResponse }) {
  const { orderCount, totals } = summary;
  const hidden = totals.length - maxTotals;
  return (
    <dl>
      <div data-total="count">
        <dt>Orders</dt>
        <dd>{formatCount(orderCount)}</dd>
      </div>
      {totals.slice(0, maxTotals).map(({ currencyCode, orderCount: count, amount }) => (
        <div key={currencyCode} data-total={currencyCode}>
          <dt>
            {currencyCode}, {formatCount(count)} orders
          </dt>
          <dd>{formatDecimal(amount?.value ?? "0", currencyCode)}</dd>
        </div>
      ))}
      {hidden > 0 && (
        <div>
          <dt>Other currencies</dt>
          <dd>{formatCount(hidden)}</dd>
        </div>
      )}
    </dl>
  );
}

function loadedSummary(state: SummaryState): GetOrderSummaryResponse | undefined {
  switch (state.kind) {
    case "loaded":
      return state.summary;
    case "loading":
      return state.previous;
    case "failed":
      return undefined;
  }
}

function describeState(state: SummaryState): string {
  switch (state.kind) {
    case "loaded":
      return `${formatCount(state.summary.orderCount)} orders selected`;
    case "loading":
      return "";
    case "failed":
      return state.reason;
  }
}
