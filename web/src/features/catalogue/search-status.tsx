import { formatCount } from "../../shared/format-count.ts";
import { maxProducts, type SearchState } from "./product-search.ts";

/** How a search stands. Its end is read out with the count; the count while it runs is not. */
export function SearchStatus(props: {
  state: SearchState;
  /** Whether something in the form makes no sense. */
  isWrong: boolean;
  onRetry: () => void;
}) {
  const { state, isWrong, onRetry } = props;
  const { kind, isStale } = state;
  const count = isStale ? 0 : state.products.length;
  return (
    <div className="status" data-state={kind} data-received={count}>
      {kind === "searching" && !isStale && <span className="figures">{productsOf(count)}</span>}
      <p role="status">{sentenceOf(state, isWrong)}</p>
      {kind === "failed" && (
        <button type="button" className="ghost" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

function sentenceOf(state: SearchState, isWrong: boolean): string {
  const { length } = state.products;
  switch (state.kind) {
    case "idle":
      return isWrong ? "Correct what is marked, and the search begins." : "";
    case "searching":
      return "Searching…";
    case "complete":
      return length === 0 ? "Nothing was found." : `${productsOf(length)} found`;
    case "more":
      return state.canAsk
        ? `The first ${formatCount(length)} are shown, there are more`
        : `The first ${formatCount(maxProducts)} are shown, which is all that the page takes: narrow the search`;
    case "failed":
      return state.reason;
  }
}

function productsOf(count: number): string {
  return count === 1 ? "1 product" : `${formatCount(count)} products`;
}
