import { useId, useState, useSyncExternalStore } from "react";
import { PauseMode } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { Countdown } from "../../shared/countdown.tsx";
import { formatCount } from "../../shared/format-values.ts";
import type { StreamState } from "./quote-stream.ts";
import type { QuoteTableMode } from "./quote-table-model.ts";
import type { QuotesPageModel } from "./quotes-page-model.ts";

/** The state of the stream. Screen readers announce the state, but not the countdown. */
export function StreamStatus({ model }: { model: QuotesPageModel }) {
  const { table, stream } = model;
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  const mode = useSyncExternalStore(table.subscribe, table.mode);
  return (
    <div className="status" data-state={state.kind} data-mode={mode.kind}>
      <p role="status">
        <span className="dot" aria-hidden="true" />
        {describeState(state)} <ModeNote mode={mode} />
      </p>
      {state.kind === "reconnecting" && (
        <>
          <Countdown until={state.retryAt} label="Reconnecting in" />
          <button type="button" className="ghost" onClick={() => stream.retry()}>
            Retry now
          </button>
        </>
      )}
    </div>
  );
}

/** The controls that pause and resume the quotes, and stop and start the stream. */
export function StreamControls({ model }: { model: QuotesPageModel }) {
  const { table, stream } = model;
  const tableMode = useSyncExternalStore(table.subscribe, table.mode);
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  const [pauseMode, setPauseMode] = useState<PauseMode>(PauseMode.CONFLATE);
  const id = useId();
  const isPaused = tableMode.kind === "paused";
  const isStopped = state.kind === "stopped" || state.kind === "refused";
  return (
    <fieldset className="controls" aria-label="Stream">
      <label className="unseen" htmlFor={id}>
        Quotes to receive after a pause
      </label>
      <select
        id={id}
        value={pauseMode}
        disabled={isPaused}
        onChange={(event) =>
          setPauseMode(event.target.value === String(PauseMode.REPLAY) ? PauseMode.REPLAY : PauseMode.CONFLATE)
        }
      >
        <option value={PauseMode.CONFLATE}>On resume: newest</option>
        <option value={PauseMode.REPLAY}>On resume: all</option>
      </select>
      <button
        type="button"
        title={isPaused ? "Resume the quotes" : "Pause the quotes; the stream stays open"}
        onClick={() => (isPaused ? void model.resume() : model.pause(pauseMode))}
      >
        {isPaused ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        title={isStopped ? "Start the stream" : "Stop the stream"}
        disabled={state.kind === "idle"}
        onClick={() => (isStopped ? model.start() : stream.stop())}
      >
        {isStopped ? "Start" : "Stop"}
      </button>
    </fieldset>
  );
}

function describeState(state: StreamState): string {
  switch (state.kind) {
    case "idle":
      return "The watchlist is empty. Add a symbol.";
    case "connecting":
      return "Connecting…";
    case "live":
    case "paused":
      return "Live";
    case "replaying":
      return "Replaying missed quotes…";
    case "reconnecting":
    case "refused":
      return state.reason;
    case "stopped":
      return "Stopped";
  }
}

function ModeNote({ mode }: { mode: QuoteTableMode }) {
  switch (mode.kind) {
    case "paused":
      return (
        <span className="note">
          {mode.mode === PauseMode.REPLAY
            ? "Paused; all missed quotes follow on resume"
            : "Paused; the newest quotes follow on resume"}
        </span>
      );
    case "following":
      if (mode.skipped === undefined) return null;
      return <span className="note">Resumed: {formatUpdates(mode.skipped)} skipped</span>;
  }
}

function formatUpdates(count: bigint): string {
  return `${formatCount(count)} ${count === 1n ? "update" : "updates"}`;
}
