import type { Product, ProductImage } from "../../gen/bourse/product/v1/product_pb.ts";

/** The most images of a product that are listed with it. */
export const maxListedImages = 100;

/** Knows the images of products. */
export interface ProductImages {
  /**
   * The images of some products by the products' ids, the oldest first; products without any are left out.
   *
   * Asked for up to 100 products at a time, with ids in lower case.
   */
  imagesOf(productIds: readonly string[]): Promise<ReadonlyMap<string, readonly ProductImage[]>>;
}

/** Lists the images of products with them. */
export async function listImages(source: ProductImages, products: readonly Product[]): Promise<void> {
  const images = await source.imagesOf(products.map(({ id }) => id));
  if (images.size === 0) return;
  for (const product of products) product.images = images.get(product.id)?.slice(0, maxListedImages) ?? [];
}
