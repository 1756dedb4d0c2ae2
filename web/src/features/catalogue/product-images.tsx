import { useState } from "react";
import type { ProductImage } from "../../../../gen/bourse/product/v1/product_pb.ts";

/**
 * The images of a product as thumbnails, each a link to the whole. They are loaded one after the other: a browser has few
 * connections to a server, and calls need them too.
 */
export function ProductImages({ images, name }: { images: readonly ProductImage[]; name: string }) {
  const [done, setDone] = useState(0);
  const [failed, setFailed] = useState<ReadonlySet<string>>(new Set());
  if (images.length === 0) return <p className="quiet">There are no images.</p>;
  return (
    <ul className="thumbnails">
      {images.map(({ uploadId, path, contentType }, index) => {
        const alt = `${name}, image ${index + 1} of ${images.length}`;
        const next = () => setDone((count) => Math.max(count, index + 1));
        const fail = () => {
          setFailed((ids) => new Set([...ids, uploadId]));
          next();
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
                  src={index <= done ? `${path}/thumbnail` : undefined}
                  alt={alt}
                  width="96"
                  height="96"
                  onLoad={next}
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
