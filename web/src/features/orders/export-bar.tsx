import { Countdown } from "../../shared/countdown.tsx";
import { formatCount, formatRemaining } from "../../shared/format-values.ts";
import type { ExportState, OrderStream } from "./order-stream.ts";

/** The progress of the export. Screen readers announce the state, but not the changing numbers. */
export function ExportStatus({ state }: { state: ExportState }) {
  const { kind, received, total } = state;
  return (
    <div className="status" data-state={kind} data-received={received} data-total={total}>
      {kind !== "idle" && <span className="figures">{formatReceived(state)}</span>}
      {isRunning(state) && <progress aria-label="Orders received" max={total || 1} value={total && received} />}
      {isRunning(state) && <span className="rate">{formatRate(state)}</span>}
      <p role="status">{describeState(state)}</p>
    </div>
  );
}

/** The buttons that start, cancel, resume and download an export. */
export function ExportControls(props: {
  state: ExportState;
  orderExport: OrderStream;
  /** Undefined if the filter is invalid. */
  onStart: (() => void) | undefined;
  onDownload: () => void;
}) {
  const { state, orderExport, onStart, onDownload } = props;
  const { kind } = state;
  return (
    <div className="export-controls">
      {kind === "reconnecting" && <Countdown until={state.retryAt} label="Reconnecting in" />}
      {kind === "reconnecting" && (
        <button type="button" className="ghost" onClick={() => void orderExport.resume()}>
          Retry now
        </button>
      )}
      {(kind === "cancelled" || kind === "failed") && (
        <button type="button" className="ghost" onClick={() => void orderExport.resume()}>
          Resume
        </button>
      )}
      <button type="button" className="ghost" disabled={state.received === 0} onClick={onDownload}>
        Download CSV
      </button>
      {/* One button with two labels, so that it keeps the keyboard focus. */}
      <button
        type="button"
        className="export"
        disabled={!isRunning(state) && onStart === undefined}
        onClick={() => (isRunning(state) ? orderExport.cancel() : onStart?.())}
      >
        {isRunning(state) ? "Cancel" : "Export"}
      </button>
    </div>
  );
}

function isRunning({ kind }: ExportState): boolean {
  return kind === "connecting" || kind === "receiving" || kind === "reconnecting";
}

function formatReceived({ received, total }: ExportState): string {
  const count = formatCount(received);
  return total === undefined ? `${count} orders` : `${count} of ${formatCount(total)} orders`;
}

function formatRate({ received, total, perSecond }: ExportState): string {
  if (perSecond === undefined || perSecond === 0) return "";
  const rate = `${formatCount(perSecond)}/s`;
  return total === undefined ? rate : `${rate}, ${formatRemaining(((total - received) / perSecond) * 1_000)}`;
}

function describeState(state: ExportState): string {
  switch (state.kind) {
    case "idle":
      return "";
    case "connecting":
      return "Connecting…";
    case "receiving":
      return "Receiving…";
    case "reconnecting":
    case "failed":
      return state.reason;
    case "complete":
      return "Complete, digest verified";
    case "mismatch":
      return "The received orders do not match the server's count or digest. Export again.";
    case "cancelled":
      return "Cancelled. Select Resume to continue.";
    case "full":
      return "The limit of this page is reached. Narrow the filter, or use the export-orders script.";
  }
}
