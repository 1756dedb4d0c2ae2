import { useSyncExternalStore } from "react";
import { formatCount } from "../../shared/format-count.ts";
import { formatTime } from "../../shared/format-time.ts";
import { MetadataList } from "../../shared/metadata-list.tsx";
import { WireCount } from "../../shared/wire-count.tsx";
import type { StreamState } from "./quote-stream.ts";
import type { QuotesSession } from "./quotes-session.ts";

/** What goes over the wire: the stream's headers and trailers, its place, and counts. It goes on while paused. */
export function WirePanel({ session }: { session: QuotesSession }) {
  const { stream, wire } = session;
  const record = useSyncExternalStore(wire.subscribe, wire.record);
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  return (
    <aside className="wire" aria-labelledby="wire-title">
      <h2 id="wire-title">Wire</h2>
      <dl className="counts">
        <WireCount label="Stream" value={record.streamId} />
        <WireCount label="Cursor" value={record.cursor} />
        <WireCount label="Messages" value={formatCount(record.messages)} />
        <WireCount label="Quotes" value={formatCount(record.quotes)} />
        <WireCount label="Heartbeats" value={formatCount(record.heartbeats)} />
        <WireCount label="Queued" value={record.queued === undefined ? undefined : formatCount(record.queued)} />
        <WireCount label="Lag" value={record.lagMs === undefined ? undefined : `${Math.round(record.lagMs)} ms`} />
        <WireCount
          label="Conflated"
          value={record.conflated === undefined ? undefined : formatCount(record.conflated)}
        />
        <WireCount
          label="Feed’s newest"
          value={record.feedTime === undefined ? undefined : formatTime(record.feedTime, Date.now())}
        />
        <WireCount label="Attempts" value={String(record.attempts)} />
      </dl>
      <MetadataList label="Headers" metadata={record.headers} absent="None have come yet." />
      <MetadataList label="Trailers" metadata={record.trailers} absent={whyNoTrailers(state)} />
    </aside>
  );
}

function whyNoTrailers(state: StreamState): string {
  switch (state.kind) {
    case "idle":
    case "connecting":
    case "live":
    case "replaying":
    case "paused":
      return "They come when the server ends the stream.";
    case "waiting":
    case "refused":
      return "None came: the connection was cut.";
    case "stopped":
      return "None came: the stream was ended from here.";
  }
}
