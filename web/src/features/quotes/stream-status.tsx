import { useEffect, useState, useSyncExternalStore } from "react";
import { formatVolume } from "./price-format.ts";
import type { BoardMode } from "./quote-board.ts";
import type { QuotesSession } from "./quotes-session.ts";
import type { StreamState } from "./stream-state.ts";

// Often enough that no second is skipped.
const countdownMs = 250;

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
          <Countdown until={state.retryAt} />
          <button type="button" className="ghost" onClick={() => stream.send({ kind: "retry" })}>
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
      return state.failures === 0 ? "Connecting…" : "Reconnecting…";
    case "live":
      return "Live";
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
          Paused
          <span aria-hidden="true">, {updates(mode.held)} held</span>
        </span>
      );
    case "following":
      if (mode.caughtUp === undefined) return null;
      return <span className="note">Resumed: {updates(mode.caughtUp)} had been held</span>;
  }
}

function updates(count: number): string {
  return `${formatVolume(BigInt(count))} ${count === 1 ? "update" : "updates"}`;
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), countdownMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="countdown" aria-hidden="true">
      Reconnecting in {Math.max(0, Math.ceil((until - now) / 1000))} s
    </span>
  );
}
