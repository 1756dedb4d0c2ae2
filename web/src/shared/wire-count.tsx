/** A figure of what goes over the wire, with its name. */
export function WireCount({ label, value }: { label: string; value: string | undefined }) {
  return (
    <div data-count={label.toLowerCase()}>
      <dt>{label}</dt>
      <dd>{value ?? "–"}</dd>
    </div>
  );
}
