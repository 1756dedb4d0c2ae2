import { useSyncExternalStore } from "react";
import { PauseMode } from "../../../../gen/bourse/quote/v1/quote_pb.ts";
import { Countdown } from "../../shared/countdown.tsx";
import { formatCount } from "../../shared/format-count.ts";
import type { BoardMode } from "./quote-board.ts";
import type { StreamState } from "./quote-stream.ts";
import type { QuotesSession } from "./quotes-session.ts";

/** Tells in words how the stream is. Changes are read out; figures that count on are not. */
export function StreamStatus({ session }: { session: QuotesSession }) {
  const { board, stream } = session;
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  const mode = useSyncExternalStore(board.subscribe, board.mode);
  return (
    <div className="status" data-state={state.kind} data-mode={mode.kind}>
      <p role="status">
        <span className="dot" aria-hidden="true" />
        {sentenceOf(state)} <ModeNote mode={mode} />
      </p>
      {state.kind === "waiting" && (
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

function sentenceOf(state: StreamState): string {
  switch (state.kind) {
    case "idle":
      return "Nothing to watch: add a symbol.";
    case "connecting":
      return "Connecting…";
    case "live":
    case "paused":
      return "Live";
    case "replaying":
      return "Replaying what was missed…";
    case "waiting":
    case "refused":
      return state.reason;
    case "stopped":
      return "Stopped: the stream has ended.";
  }
}

function ModeNote({ mode }: { mode: BoardMode }) {
  switch (mode.kind) {
    case "paused":
      return (
        <span className="note">
          {mode.mode === PauseMode.REPLAY ? "Paused: all of it comes on resume" : "Paused: the newest comes on resume"}
        </span>
      );
    case "following":
      if (mode.skipped === undefined) return null;
      return <span className="note">Resumed: {updates(mode.skipped)} skipped</span>;
  }
}

function updates(count: bigint): string {
  return `${formatCount(count)} ${count === 1n ? "update" : "updates"}`;
}
