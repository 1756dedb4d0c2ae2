import { locale } from "../../shared/locale.ts";
import type { CatalogueState, Checksum } from "./catalogue-load.ts";

const whole = new Intl.NumberFormat(locale);

/** How far the catalogue has come in, in figures and in words. */
export function CatalogueProgress({ state, onRetry }: { state: CatalogueState; onRetry: () => void }) {
  const { products, total, kind } = state;
  const have = whole.format(products.length);
  const figures = total === undefined ? `${have} products` : `${have} of ${whole.format(total)} products`;
  return (
    <div className="status" data-state={kind} data-received={products.length} data-total={total}>
      <span className="figures">{figures}</span>
      {kind === "loading" && <progress aria-label="Products received" max={total ?? 1} value={barOf(state)} />}
      <p role="status">{sentenceOf(state)}</p>
      {mayHelpToRetry(state) && (
        <button type="button" className="ghost" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

// Undefined makes the bar show that its end is not known.
function barOf({ products, total }: CatalogueState): number | undefined {
  return total === undefined ? undefined : products.length;
}

function sentenceOf(state: CatalogueState): string {
  switch (state.kind) {
    case "loading":
      return "Loading…";
    case "complete":
      return completeSentence(state.checksum);
    case "cut":
      return "The rest is left out: the page keeps no more.";
    case "failed":
      return state.reason;
  }
}

function mayHelpToRetry(state: CatalogueState): boolean {
  return state.kind === "failed" || (state.kind === "complete" && state.checksum === "wrong");
}

function completeSentence(checksum: Checksum): string {
  switch (checksum) {
    case "verified":
      return "Complete, checksum verified";
    case "wrong":
      return "Complete, but the checksum is wrong: load again.";
    case "absent":
      return "Complete";
  }
}
