import { useSyncExternalStore } from "react";
import { formatCount, formatTime } from "../../shared/format-values.ts";
import { Count, MetadataList, ProtocolDetails } from "../../shared/protocol-details.tsx";
import type { StreamState } from "./quote-stream.ts";
import type { QuotesPageModel } from "./quotes-page-model.ts";

/** The protocol details of the stream: cursor, counts, headers and trailers. They are updated during a pause, too. */
export function StreamProtocolDetails({ model }: { model: QuotesPageModel }) {
  const { stream, details } = model;
  const record = useSyncExternalStore(details.subscribe, details.record);
  const state = useSyncExternalStore(stream.subscribe, stream.state);
  return (
    <ProtocolDetails>
      <dl className="counts">
        <Count label="Stream ID" value={record.streamId} />
        <Count label="Cursor" value={record.cursor} />
        <Count label="Messages" value={formatCount(record.messages)} />
        <Count label="Quotes" value={formatCount(record.quotes)} />
        <Count label="Heartbeats" value={formatCount(record.heartbeats)} />
        <Count label="Queued" value={record.queued === undefined ? undefined : formatCount(record.queued)} />
        <Count label="Lag" value={record.lagMs === undefined ? undefined : `${Math.round(record.lagMs)} ms`} />
        <Count label="Conflated" value={record.conflated === undefined ? undefined : formatCount(record.conflated)} />
        <Count
          label="Newest source time"
          value={record.feedTime === undefined ? undefined : formatTime(record.feedTime, Date.now())}
        />
        <Count label="Attempts" value={String(record.attempts)} />
      </dl>
      <MetadataList label="Headers" metadata={record.headers} missing="Not received yet" />
      <MetadataList label="Trailers" metadata={record.trailers} missing={describeMissingTrailers(state)} />
    </ProtocolDetails>
  );
}

function describeMissingTrailers(state: StreamState): string {
  switch (state.kind) {
    case "idle":
    case "connecting":
    case "live":
    case "replaying":
    case "paused":
      return "Received when the server ends the stream";
    case "reconnecting":
    case "refused":
      return "Not received: the connection was lost";
    case "stopped":
      return "Not received: this page ended the stream";
  }
}
