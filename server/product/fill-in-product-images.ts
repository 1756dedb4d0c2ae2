import type { Product, ProductImage } from "../../gen/bourse/product/v1/product_pb.ts";

/** The maximum number of images that are listed with a product. */
export const maxListedImages = 100;

/** Looks up the images of products. */
export interface ProductImages {
  /**
   * Resolves to the images of products by product id, the oldest image first. Products without images are left out.
   *
   * @param productIds at most 100 ids, in lower case
   */
  imagesOf(productIds: readonly string[]): Promise<ReadonlyMap<string, readonly ProductImage[]>>;
}

/** Sets `images` of each product, at most {@link maxListedImages}. */
export async function fillInProductImages(source: ProductImages, products: readonly Product[]): Promise<void> {
  const images = await source.imagesOf(products.map(({ id }) => id));
  if (images.size === 0) return;
  for (const product of products) product.images = images.get(product.id)?.slice(0, maxListedImages) ?? [];
}
