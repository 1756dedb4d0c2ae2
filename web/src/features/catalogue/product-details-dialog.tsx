import { useEffect, useId, useRef, useState } from "react";
import type { Product, ProductImage, ProductRating } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { formatCount, formatMoney } from "../../shared/format-values.ts";
import { type Attribute, formatKind, listLaptopAttributes } from "./format-product.ts";
import type { ProductDetailsDialogState } from "./product-details-dialog-model.ts";

/** A modal dialog with the details of one product. The Escape key closes it and returns the focus. */
export function ProductDetailsDialog(props: {
  state: ProductDetailsDialogState;
  onClose: () => void;
  onRetry: (id: string) => void;
}) {
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
          <h2 id={title}>{state.kind === "loaded" ? state.product.name : "Product"}</h2>
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
            Retry
          </button>
        </>
      )}
      {state.kind === "loaded" && <Details product={state.product} rating={state.rating} />}
    </dialog>
  );
}

function Details({ product, rating }: { product: Product; rating: ProductRating | undefined }) {
  const { attributes, description, id, images, name, price } = product;
  const rows: readonly Attribute[] = [
    { name: "Kind", text: formatKind(product) },
    { name: "Price", text: price === undefined ? "Unknown" : formatMoney(price) },
    { name: "Rating", text: formatRating(rating) },
    ...(attributes.case === "laptop" ? listLaptopAttributes(attributes.value) : []),
    { name: "ID", text: id },
  ];
  return (
    <>
      {description !== "" && <p className="product-description">{description}</p>}
      <dl className="product-facts">
        {rows.map((row) => (
          <div key={row.name} data-detail={row.name.toLowerCase()}>
            <dt>{row.name}</dt>
            <dd>{row.text}</dd>
          </div>
        ))}
      </dl>
      <h3>Images</h3>
      <ProductImages key={id} images={images} name={name} />
      <p className="quiet product-note">
        To rate a product, call <code>RateProducts</code> with a gRPC or Connect client. It is a bidirectional stream,
        which browsers do not support.
      </p>
    </>
  );
}

function formatRating(rating: ProductRating | undefined): string {
  if (rating === undefined || rating.count === 0n) return "Not rated yet";
  const scores = rating.count === 1n ? "1 score" : `${formatCount(rating.count)} scores`;
  return `${rating.average.toFixed(2)} of 10, from ${scores}`;
}

/**
 * The thumbnails of a product's images, each with a link to the full image. They are loaded one after another, because a
 * browser opens at most six HTTP/1.1 connections to a server, and calls need them too.
 */
function ProductImages({ images, name }: { images: readonly ProductImage[]; name: string }) {
  const [loadedCount, setLoadedCount] = useState(0);
  const [failed, setFailed] = useState<ReadonlySet<string>>(new Set());
  if (images.length === 0) return <p className="quiet">No images</p>;
  return (
    <ul className="thumbnails">
      {images.map(({ uploadId, path, contentType }, index) => {
        const alt = `${name}, image ${index + 1} of ${images.length}`;
        const loadNext = () => setLoadedCount((count) => Math.max(count, index + 1));
        const fail = () => {
          setFailed((ids) => new Set([...ids, uploadId]));
          loadNext();
        };
        return (
          <li key={uploadId}>
            <a href={path} target="_blank" rel="noreferrer">
              {failed.has(uploadId) ? (
                <span className="quiet">
                  {alt} ({contentType})
                </span>
              ) : (
                <img
                  src={index <= loadedCount ? `${path}/thumbnail` : undefined}
                  alt={alt}
                  width="96"
                  height="96"
                  onLoad={loadNext}
                  onError={fail}
                />
              )}
            </a>
          </li>
        );
      })}
    </ul>
  );
}
