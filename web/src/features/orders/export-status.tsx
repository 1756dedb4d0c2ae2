import { formatCount } from "../../shared/format-count.ts";
import { formatRemaining } from "../../shared/format-remaining.ts";
import type { ExportState } from "./export-state.ts";

/** How far an export has come, in words and figures. Changes are read out; figures that count on are not. */
export function ExportStatus({ state }: { state: ExportState }) {
  const { kind, received, total } = state;
  const isRunning = kind === "connecting" || kind === "receiving" || kind === "waiting";
  return (
    <div className="status" data-state={kind} data-received={received} data-total={total}>
      {kind !== "idle" && <span className="figures">{figuresOf(state)}</span>}
      {isRunning && <progress aria-label="Orders received" max={total || 1} value={total && received} />}
      {isRunning && <span className="pace">{paceOf(state)}</span>}
      <p role="status">{sentenceOf(state)}</p>
    </div>
  );
}

function figuresOf({ received, total }: ExportState): string {
  const have = formatCount(received);
  return total === undefined ? `${have} orders` : `${have} of ${formatCount(total)} orders`;
}

function paceOf({ received, total, perSecond }: ExportState): string {
  if (perSecond === undefined || perSecond === 0) return "";
  const rate = `${formatCount(perSecond)}/s`;
  return total === undefined ? rate : `${rate}, ${formatRemaining(((total - received) / perSecond) * 1_000)}`;
}

function sentenceOf(state: ExportState): string {
  switch (state.kind) {
    case "idle":
      return "";
    case "connecting":
      return "Connecting…";
    case "receiving":
      return "Receiving…";
    case "waiting":
      return state.reason;
    case "complete":
      return "Complete, digest verified";
    case "wrong":
      return "Complete, but not what the server says it sent: export again.";
    case "cancelled":
      return "Cancelled: it can go on from here.";
    case "full":
      return "The page keeps no more: narrow the filter, or use the script export-orders.";
    case "failed":
      return state.reason;
  }
}
