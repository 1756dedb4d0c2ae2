import { useId, useState, useSyncExternalStore } from "react";
import { PauseMode } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuotesSession } from "./quotes-session.ts";

/** Pause and resume the quotes; stop and start the stream. */
export function StreamControls({ session }: { session: QuotesSession }) {
  const { board, stream } = session;
  const shown = useSyncExternalStore(board.subscribe, board.mode);
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  const [mode, setMode] = useState<PauseMode>(PauseMode.CONFLATE);
  const id = useId();
  const isPaused = shown.kind === "paused";
  const isStopped = state.kind === "stopped" || state.kind === "refused";
  return (
    <fieldset className="controls" aria-label="Stream">
      <label className="unseen" htmlFor={id}>
        What comes after a pause
      </label>
      <select
        id={id}
        value={mode}
        disabled={isPaused}
        onChange={(event) =>
          setMode(event.target.value === String(PauseMode.REPLAY) ? PauseMode.REPLAY : PauseMode.CONFLATE)
        }
      >
        <option value={PauseMode.CONFLATE}>Then the newest</option>
        <option value={PauseMode.REPLAY}>Then everything</option>
      </select>
      <button
        type="button"
        title={isPaused ? "Have quotes come again" : "Have the server hold the quotes back; the stream goes on"}
        onClick={() => (isPaused ? void session.resume() : session.pause(mode))}
      >
        {isPaused ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        title={isStopped ? "Begin the stream" : "End the stream"}
        disabled={state.kind === "idle"}
        onClick={() => (isStopped ? session.start() : stream.stop())}
      >
        {isStopped ? "Start" : "Stop"}
      </button>
    </fieldset>
  );
}
