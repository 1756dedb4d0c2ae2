import { create } from "@bufbuild/protobuf";
import { type ProductImage, ProductImageSchema } from "../gen/bourse/product/v1/product_pb.ts";
import { maxListedImages, type ProductImages } from "./product/product-images.ts";
import { uploadPath } from "./upload/image/upload-pages.ts";
import type { Uploads } from "./upload/uploads.ts";

/** The images of products are the uploads that belong to them and are images. */
export function uploadedImages(uploads: Uploads): ProductImages {
  return {
    async imagesOf(productIds) {
      const images = new Map<string, ProductImage[]>();
      for (const { id, productId, contentType = "", size = 0 } of await uploads.imagesOf(productIds, maxListedImages)) {
        const image = create(ProductImageSchema, {
          uploadId: id,
          contentType,
          size: BigInt(size),
          path: uploadPath(id),
        });
        const known = images.get(productId);
        if (known === undefined) images.set(productId, [image]);
        else known.push(image);
      }
      return images;
    },
  };
}
