import { useEffect, useId, useRef } from "react";
import type { Product, ProductRating } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { formatCount } from "../../shared/format-count.ts";
import { formatMoney } from "../../shared/format-money.ts";
import { type Detail, laptopDetails } from "./laptop-details.ts";
import type { DetailsState } from "./product-details.ts";
import { ProductImages } from "./product-images.tsx";
import { kindOf } from "./product-text.ts";

/** All about one product, over the page. The Escape key closes it, and the focus goes back to where it was. */
export function ProductDialog(props: { state: DetailsState; onClose: () => void; onRetry: (id: string) => void }) {
  const { state, onClose, onRetry } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const isOpen = state.kind !== "closed";
  useEffect(() => {
    if (!isOpen) return;
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      className="product-dialog"
      aria-labelledby={title}
      aria-busy={state.kind === "loading"}
      onCancel={onClose}
    >
      {isOpen && (
        <div className="product-head">
          <h2 id={title}>{state.kind === "shown" ? state.product.name : "Product"}</h2>
          <button type="button" className="ghost" onClick={onClose}>
            Close
          </button>
        </div>
      )}
      {state.kind === "loading" && <p role="status">Loading…</p>}
      {state.kind === "failed" && (
        <>
          <p className="problem" role="alert">
            {state.reason}
          </p>
          <button type="button" onClick={() => onRetry(state.id)}>
            Try again
          </button>
        </>
      )}
      {state.kind === "shown" && <About product={state.product} rating={state.rating} />}
    </dialog>
  );
}

function About({ product, rating }: { product: Product; rating: ProductRating | undefined }) {
  const { attributes, description, id, images, name, price } = product;
  const details: readonly Detail[] = [
    { name: "Kind", text: kindOf(product) },
    { name: "Price", text: price === undefined ? "Not known" : formatMoney(price) },
    { name: "Rating", text: ratingOf(rating) },
    ...(attributes.case === "laptop" ? laptopDetails(attributes.value) : []),
    { name: "Id", text: id },
  ];
  return (
    <>
      {description !== "" && <p className="product-description">{description}</p>}
      <dl className="product-facts">
        {details.map((detail) => (
          <div key={detail.name} data-detail={detail.name.toLowerCase()}>
            <dt>{detail.name}</dt>
            <dd>{detail.text}</dd>
          </div>
        ))}
      </dl>
      <h3>Images</h3>
      <ProductImages key={id} images={images} name={name} />
      <p className="quiet product-note">
        Scores are given with <code>RateProducts</code>, which talks in both directions at once: browsers cannot, the
        Connect and gRPC clients can.
      </p>
    </>
  );
}

function ratingOf(rating: ProductRating | undefined): string {
  if (rating === undefined || rating.count === 0n) return "Not rated yet";
  const scores = rating.count === 1n ? "1 score" : `${formatCount(rating.count)} scores`;
  return `${rating.average.toFixed(2)} of 10, from ${scores}`;
}
