import { formatBytes, formatCount } from "../../shared/format-values.ts";
import { Count, MetadataList, ProtocolDetails } from "../../shared/protocol-details.tsx";
import { bytesPerRow } from "./order-row-store.ts";
import type { ExportState } from "./order-stream.ts";

/** The protocol details of the export: headers, trailers, digest, attempts and memory. */
export function ExportProtocolDetails({ state }: { state: ExportState }) {
  const { store, digest, headers, trailers, attempts } = state;
  return (
    <ProtocolDetails>
      <dl className="counts">
        <Count label="Attempts" value={formatCount(attempts)} />
        <Count label="Memory used" value={formatBytes(store.bytes)} />
        <Count label="Memory per row" value={`${bytesPerRow} bytes + texts`} />
      </dl>
      <section
        className="metadata"
        aria-label="Digest"
        data-verdict={state.kind === "complete" ? "verified" : undefined}
      >
        <h3>Digest of the received orders</h3>
        <p className={digest === undefined ? "quiet" : "digest"}>{digest ?? "No orders received yet"}</p>
        <p className="verdict">{describeVerdict(state)}</p>
      </section>
      <MetadataList label="Headers" metadata={headers} missing="Not received yet" />
      <MetadataList label="Trailers" metadata={trailers} missing={describeMissingTrailers(state)} />
    </ProtocolDetails>
  );
}

function describeVerdict({ kind }: ExportState): string {
  switch (kind) {
    case "complete":
      return "✓ Matches the server's digest";
    case "mismatch":
      return "✗ Does not match the server's count or digest";
    default:
      return "";
  }
}

function describeMissingTrailers({ kind }: ExportState): string {
  switch (kind) {
    case "idle":
    case "connecting":
    case "receiving":
    case "complete":
    case "mismatch":
      return "Received after the last order";
    case "reconnecting":
    case "failed":
      return "Not received: the connection was lost";
    case "cancelled":
    case "full":
      return "Not received: this page ended the stream";
  }
}
