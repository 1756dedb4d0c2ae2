import { formatCount } from "../../shared/format-values.ts";
import { maxProducts, type SearchState } from "./product-search.ts";

/** The status of a search. Screen readers announce the final count, but not the changing one. */
export function ProductSearchStatus(props: {
  state: SearchState;
  /** Whether a field of the form is invalid. */
  isInvalid: boolean;
  onRetry: () => void;
}) {
  const { state, isInvalid, onRetry } = props;
  const { kind, isStale } = state;
  const count = isStale ? 0 : state.products.length;
  return (
    <div className="status" data-state={kind} data-received={count}>
      {kind === "searching" && !isStale && <span className="figures">{formatProducts(count)}</span>}
      <p role="status">{describeState(state, isInvalid)}</p>
      {kind === "failed" && (
        <button type="button" className="ghost" onClick={onRetry}>
          Retry
        </button>
      )}
    </div>
  );
}

function describeState(state: SearchState, isInvalid: boolean): string {
  const { length } = state.products;
  switch (state.kind) {
    case "idle":
      return isInvalid ? "Correct the marked fields to start the search." : "";
    case "searching":
      return "Searching…";
    case "complete":
      return length === 0 ? "No products found" : `${formatProducts(length)} found`;
    case "more":
      return state.canLoadMore
        ? `Showing the first ${formatCount(length)} products; there are more`
        : `Showing the first ${formatCount(maxProducts)} products, the limit of this page; narrow the search`;
    case "failed":
      return state.reason;
  }
}

function formatProducts(count: number): string {
  return count === 1 ? "1 product" : `${formatCount(count)} products`;
}
