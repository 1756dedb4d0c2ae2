import type { Metadata } from "./metadata.ts";
import "./metadata-list.css";

/** Shows headers or trailers; `absent` stands where there are none. */
export function MetadataList(props: { label: string; metadata: Metadata | undefined; absent: string }) {
  const { label, metadata, absent } = props;
  return (
    <section className="metadata" aria-label={label} data-metadata={label.toLowerCase()}>
      <h3>{label}</h3>
      {metadata === undefined || metadata.length === 0 ? (
        <p className="quiet">{metadata === undefined ? absent : "None were sent."}</p>
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
