import { memo } from "react";
import type { Product } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { formatMoney } from "../../shared/format-money.ts";
import { kindOf, maxRows, summaryOf } from "./filter-products.ts";

/** Products as a table, `maxRows` at most. */
export const ProductTable = memo((props: { products: readonly Product[]; isComplete: boolean }) => {
  const { products, isComplete } = props;
  const rows = products.length > maxRows ? products.slice(0, maxRows) : products;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the keyboard's focus
    <section className="scroll" aria-labelledby="products-caption" tabIndex={0}>
      <table className="grid product-table" aria-busy={!isComplete}>
        <caption id="products-caption">
          Products
          {rows.length < products.length && `: the first ${maxRows} of ${products.length}, filter to see others`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Price</th>
            <th scope="col">Summary</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((product) => (
            <ProductRow key={product.id} product={product} />
          ))}
          {rows.length === 0 && isComplete && (
            <tr>
              <td colSpan={4} className="quiet">
                Nothing to show.
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
});

const ProductRow = memo(({ product }: { product: Product }) => (
  <tr data-product={product.id}>
    <th scope="row">{product.name}</th>
    <td>{kindOf(product)}</td>
    <td className="number">{product.price === undefined ? "–" : formatMoney(product.price)}</td>
    <td className="summary">{summaryOf(product)}</td>
  </tr>
));
