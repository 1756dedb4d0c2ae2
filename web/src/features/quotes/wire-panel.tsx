import { useSyncExternalStore } from "react";
import { formatTime } from "../../shared/format-time.ts";
import { MetadataList } from "../../shared/metadata-list.tsx";
import { formatVolume } from "./price-format.ts";
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
        <Count label="Stream" value={record.streamId} />
        <Count label="Cursor" value={record.cursor} />
        <Count label="Messages" value={formatVolume(BigInt(record.messages))} />
        <Count label="Quotes" value={formatVolume(BigInt(record.quotes))} />
        <Count label="Heartbeats" value={formatVolume(BigInt(record.heartbeats))} />
        <Count label="Queued" value={record.queued === undefined ? undefined : formatVolume(record.queued)} />
        <Count label="Lag" value={record.lagMs === undefined ? undefined : `${Math.round(record.lagMs)} ms`} />
        <Count label="Conflated" value={record.conflated === undefined ? undefined : formatVolume(record.conflated)} />
        <Count
          label="Feed’s newest"
          value={record.feedTime === undefined ? undefined : formatTime(record.feedTime, Date.now())}
        />
        <Count label="Attempts" value={String(record.attempts)} />
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

function Count({ label, value }: { label: string; value: string | undefined }) {
  return (
    <div data-count={label.toLowerCase()}>
      <dt>{label}</dt>
      <dd>{value ?? "–"}</dd>
    </div>
  );
}
