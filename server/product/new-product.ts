import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Product } from "../../gen/bourse/product/v1/product_pb.ts";
import { productState } from "./store/product-state.ts";

/** A product as it is first stored: what a client may choose is the draft's, the id in lower case, the rest is set. */
export function newProduct(draft: Product, set: { readonly id: string; readonly now: Timestamp }): Product {
  return productState(draft, { id: set.id.toLowerCase(), createTime: set.now, updateTime: set.now });
}
