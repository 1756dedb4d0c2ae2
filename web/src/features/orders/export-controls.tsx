import { Countdown } from "../../shared/countdown.tsx";
import type { ExportState } from "./export-state.ts";
import type { OrderExport } from "./order-export.ts";

/** Begin, cancel and go on with an export, and take home what came. */
export function ExportControls(props: {
  state: ExportState;
  run: OrderExport;
  /** Undefined where there is no valid filter. */
  onStart: (() => void) | undefined;
  onDownload: () => void;
}) {
  const { state, run, onStart, onDownload } = props;
  const { kind } = state;
  const isRunning = kind === "connecting" || kind === "receiving" || kind === "waiting";
  return (
    <div className="export-controls">
      {kind === "waiting" && <Countdown until={state.retryAt} label="Going on in" />}
      {kind === "waiting" && (
        <button type="button" className="ghost" onClick={() => void run.proceed()}>
          Try now
        </button>
      )}
      {(kind === "cancelled" || kind === "failed") && (
        <button type="button" className="ghost" onClick={() => void run.proceed()}>
          Go on
        </button>
      )}
      <button type="button" className="ghost" disabled={state.received === 0} onClick={onDownload}>
        Download CSV
      </button>
      {/* One button, so that the keyboard's focus stays where it is. */}
      <button
        type="button"
        className="export"
        disabled={!isRunning && onStart === undefined}
        onClick={() => (isRunning ? run.cancel() : onStart?.())}
      >
        {isRunning ? "Cancel" : "Export"}
      </button>
    </div>
  );
}
