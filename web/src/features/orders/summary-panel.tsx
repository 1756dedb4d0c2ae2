import { useSyncExternalStore } from "react";
import type { GetOrderSummaryResponse } from "../../../../gen/bourse/order/v1/order_service_pb.ts";
import { formatCount } from "../../shared/format-count.ts";
import { formatDecimal } from "../../shared/format-money.ts";
import type { OrderSummary, SummaryState } from "./order-summary.ts";

// More are not looked through, and would push the table off the screen.
const maxTotals = 12;

/** How many orders the filter selects, and what they come to in each currency. */
export function SummaryPanel({ summary }: { summary: OrderSummary }) {
  const state = useSyncExternalStore(summary.subscribe, summary.state);
  const known = knownIn(state);
  return (
    <section
      className="summary-panel"
      aria-label="Summary"
      aria-busy={state.kind === "loading"}
      data-state={state.kind}
    >
      {known !== undefined && <Totals summary={known} />}
      <p role="status" className={state.kind === "failed" ? "problem" : "unseen"}>
        {sentenceOf(state)}
      </p>
    </section>
  );
}

function Totals({ summary }: { summary: GetOrderSummaryResponse }) {
  const { orderCount, totals } = summary;
  const left = totals.length - maxTotals;
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
      {left > 0 && (
        <div>
          <dt>Further currencies</dt>
          <dd>{formatCount(left)}</dd>
        </div>
      )}
    </dl>
  );
}

function knownIn(state: SummaryState): GetOrderSummaryResponse | undefined {
  switch (state.kind) {
    case "known":
      return state.summary;
    case "loading":
      return state.last;
    case "failed":
      return undefined;
  }
}

function sentenceOf(state: SummaryState): string {
  switch (state.kind) {
    case "known":
      return `${formatCount(state.summary.orderCount)} orders are selected.`;
    case "loading":
      return "";
    case "failed":
      return state.reason;
  }
}
