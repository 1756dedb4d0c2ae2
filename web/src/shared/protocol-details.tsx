import type { ReactNode } from "react";
import type { Metadata } from "./read-metadata.ts";
import "./protocol-details.css";

/** The panel with the protocol details of a page's call. Children: {@link Count}s and {@link MetadataList}s. */
export function ProtocolDetails({ children }: { children: ReactNode }) {
  return (
    <aside className="protocol-details" aria-labelledby="connection-title">
      <h2 id="connection-title">Connection details</h2>
      {children}
    </aside>
  );
}

/** A labelled value in a list of counts. */
export function Count({ label, value }: { label: string; value: string | undefined }) {
  return (
    <div data-count={label.toLowerCase()}>
      <dt>{label}</dt>
      <dd>{value ?? "–"}</dd>
    </div>
  );
}

/** A list of headers or trailers. `missing` is the text for metadata that was not received. */
export function MetadataList(props: { label: string; metadata: Metadata | undefined; missing: string }) {
  const { label, metadata, missing } = props;
  return (
    <section className="metadata" aria-label={label} data-metadata={label.toLowerCase()}>
      <h3>{label}</h3>
      {metadata === undefined || metadata.length === 0 ? (
        <p className="quiet">{metadata === undefined ? missing : "None"}</p>
      ) : (
        <dl>
          {metadata.map(([name, value]) => (
            <div key={name} data-name={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
