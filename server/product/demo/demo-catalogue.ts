import { hash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { newProduct } from "../new-product.ts";
import type { ProductStore } from "../store/product-store.ts";
import { goods } from "./goods.ts";
import { laptops } from "./laptops.ts";

/** Fills a store that never had a product with the demo catalogue, all of it or none. Resolves to how many were added. */
export async function seedDemoCatalogue(store: ProductStore, now: Timestamp): Promise<number> {
  return store.seed(demoCatalogue(now));
}

/** Some 200 products of a shop that does not exist, laptops first. Each has the same id everywhere. */
export function demoCatalogue(now: Timestamp): Product[] {
  return [...laptops(), ...goods()].map((fields) => {
    const draft = create(ProductSchema, fields);
    return newProduct(draft, { id: uuidOf(draft.name), now });
  });
}

/** A UUID of version 8, made from a name. */
function uuidOf(name: string): string {
  const digits = hash("sha256", `bourse demo product: ${name}`, "hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`];
  return [...parts, digits.slice(20, 32)].join("-");
}
