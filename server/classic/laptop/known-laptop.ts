import type { Product } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { NotFoundError } from "../../shared/resource-errors.ts";

/** The product that is the laptop with an id. Throws a NotFoundError where there is none, or where it is no laptop. */
export async function knownLaptop(catalogue: Pick<Catalogue, "get">, id: string): Promise<Product> {
  const product = await catalogue.get(id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new NotFoundError("laptop", id) : error;
  });
  if (product.attributes.case !== "laptop") throw new NotFoundError("laptop", id);
  return product;
}
