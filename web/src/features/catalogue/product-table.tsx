import { memo } from "react";
import type { Product } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { formatMoney } from "../../shared/format-values.ts";
import { formatKind, formatSummary } from "./format-product.ts";
import { pageSize, type SearchState } from "./product-search.ts";

/** The table of found products. The name of a product opens its dialog. */
export function ProductTable(props: {
  state: SearchState;
  onOpen: (id: string) => void;
  onLoadMore: () => void;
  onClear: () => void;
}) {
  const { state, onOpen, onLoadMore, onClear } = props;
  const { kind, products } = state;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable
    <section className="scroll" aria-labelledby="products-caption" tabIndex={0}>
      <table className="grid product-table" aria-busy={kind === "searching"} data-stale={state.isStale}>
        <caption id="products-caption">Products</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Price</th>
            <th scope="col">Summary</th>
          </tr>
        </thead>
        <tbody>
          {products.map((product) => (
            <ProductRow key={product.id} product={product} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
      {kind === "complete" && products.length === 0 && (
        <div className="none-found">
          <p>No product matches all conditions.</p>
          <p className="quiet">Remove a search term or a condition, or show all products.</p>
          <button type="button" onClick={onClear}>
            Show all products
          </button>
        </div>
      )}
      {kind === "more" && state.canLoadMore && (
        <button type="button" className="more" onClick={onLoadMore}>
          Show {pageSize} more
        </button>
      )}
    </section>
  );
}

const ProductRow = memo(({ product, onOpen }: { product: Product; onOpen: (id: string) => void }) => (
  <tr data-product={product.id}>
    <th scope="row">
      <button type="button" className="name" aria-haspopup="dialog" onClick={() => onOpen(product.id)}>
        {product.name}
      </button>
    </th>
    <td>{formatKind(product)}</td>
    <td className="number">{product.price === undefined ? "–" : formatMoney(product.price)}</td>
    <td className="summary">{formatSummary(product)}</td>
  </tr>
));
