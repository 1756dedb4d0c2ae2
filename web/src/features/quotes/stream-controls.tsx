import { useSyncExternalStore } from "react";
import type { QuotesSession } from "./quotes-session.ts";

/** Pause and resume what is shown; stop and start the stream. */
export function StreamControls({ session }: { session: QuotesSession }) {
  const { board, stream } = session;
  const mode = useSyncExternalStore(board.subscribe, board.mode);
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  const isPaused = mode.kind === "paused";
  const isStopped = state.kind === "stopped" || state.kind === "refused";
  return (
    <fieldset className="controls" aria-label="Stream">
      <button
        type="button"
        title={isPaused ? "Show the newest quotes again" : "Let the page stand still; the stream goes on"}
        onClick={() => (isPaused ? board.resume() : board.pause())}
      >
        {isPaused ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        title={isStopped ? "Begin the stream" : "End the stream"}
        disabled={state.kind === "idle"}
        onClick={() => stream.send({ kind: isStopped ? "start" : "stop" })}
      >
        {isStopped ? "Start" : "Stop"}
      </button>
    </fieldset>
  );
}
