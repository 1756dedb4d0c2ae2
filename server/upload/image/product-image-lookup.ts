import { create } from "@bufbuild/protobuf";
import { type ProductImage, ProductImageSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { uploadPath } from "../upload-http-handler.ts";
import type { Uploads } from "../uploads.ts";

/** The maximum number of images of a product that are looked up. */
export const maxImagesPerProduct = 100;

/** Finds the images of products: the complete uploads that name a product and are images. */
export interface ProductImageLookup {
  /**
   * Resolves to the images by product id, the oldest first, at most {@link maxImagesPerProduct} of each product.
   * Products without an image are left out. Ids are in lower case.
   */
  imagesOf(productIds: readonly string[]): Promise<ReadonlyMap<string, readonly ProductImage[]>>;
}

export function productImageLookup(uploads: Uploads): ProductImageLookup {
  return {
    async imagesOf(productIds) {
      const records = await uploads.imagesOf(productIds, maxImagesPerProduct);
      const images = new Map<string, ProductImage[]>();
      for (const { id, productId, contentType = "", size = 0 } of records) {
        const path = uploadPath(id);
        const image = create(ProductImageSchema, { uploadId: id, contentType, size: BigInt(size), path });
        const known = images.get(productId);
        if (known === undefined) images.set(productId, [image]);
        else known.push(image);
      }
      return images;
    },
  };
}
