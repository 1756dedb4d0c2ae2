import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { LaptopService } from "../../gen/classic/pcbook/laptop_service_pb.ts";
import { InvalidFieldError } from "../errors.ts";
import { newProduct } from "../product/new-product.ts";
import type { ProductStore } from "../product/product-store.ts";
import { productOf } from "./laptop-product.ts";

/** What `LaptopService` needs. */
export interface LaptopServiceOptions {
  readonly products: Pick<ProductStore, "create">;
  /** The time of what happens now. */
  readonly now: () => Timestamp;
  /** A new UUID. */
  readonly newId: () => string;
}

/** Laptops, which are products of the catalogue. Requests have passed the rules in the protos. */
export function laptopService(options: LaptopServiceOptions): Partial<ServiceImpl<typeof LaptopService>> {
  const { products, now, newId } = options;
  return {
    async createLaptop({ laptop }) {
      if (laptop === undefined) throw new InvalidFieldError("laptop", "is missing: say what to create");
      const product = newProduct(productOf(laptop), { id: laptop.id || newId(), now: now() });
      await products.create(product);
      return { id: product.id };
    },
  };
}
