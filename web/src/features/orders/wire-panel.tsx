import { formatBytes } from "../../shared/format-bytes.ts";
import { formatCount } from "../../shared/format-count.ts";
import { MetadataList } from "../../shared/metadata-list.tsx";
import { WireCount } from "../../shared/wire-count.tsx";
import type { ExportState } from "./export-state.ts";
import { bytesPerRow } from "./order-store.ts";

/** What goes over the wire: the export's headers and trailers, the digest of what came, and what it takes to keep. */
export function WirePanel({ state }: { state: ExportState }) {
  const { store, digest, headers, trailers, attempts } = state;
  return (
    <aside className="wire" aria-labelledby="wire-title">
      <h2 id="wire-title">Wire</h2>
      <dl className="counts">
        <WireCount label="Attempts" value={formatCount(attempts)} />
        <WireCount label="Kept" value={formatBytes(store.bytes)} />
        <WireCount label="A row" value={`${bytesPerRow} bytes and new texts`} />
      </dl>
      <section
        className="metadata"
        aria-label="Digest"
        data-verdict={state.kind === "complete" ? "verified" : undefined}
      >
        <h3>Digest of what came</h3>
        <p className={digest === undefined ? "quiet" : "digest"}>{digest ?? "Nothing has come yet."}</p>
        <p className="verdict">{verdictOf(state)}</p>
      </section>
      <MetadataList label="Headers" metadata={headers} absent="None have come yet." />
      <MetadataList label="Trailers" metadata={trailers} absent={whyNoTrailers(state)} />
    </aside>
  );
}

function verdictOf({ kind }: ExportState): string {
  switch (kind) {
    case "complete":
      return "✓ The server says the same.";
    case "wrong":
      return "✗ The server says another.";
    default:
      return "";
  }
}

function whyNoTrailers({ kind }: ExportState): string {
  switch (kind) {
    case "idle":
    case "connecting":
    case "receiving":
    case "complete":
    case "wrong":
      return "They come after the last order.";
    case "waiting":
    case "failed":
      return "None came: the connection was cut.";
    case "cancelled":
    case "full":
      return "None came: the stream was ended from here.";
  }
}
