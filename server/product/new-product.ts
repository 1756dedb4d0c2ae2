import { hash } from "node:crypto";
import { fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";

/**
 * A product as it is first stored: what a client may choose is the draft's, the id in lower case, the rest is set.
 *
 * Only what every protocol carries unchanged is kept, so that all clients get the same product and the same digest of
 * it: no fields that this version does not know, and no sign on a zero, which JSON has no place for.
 */
export function newProduct(draft: Product, set: { readonly id: string; readonly now: Timestamp }): Product {
  const product = fromJsonString(ProductSchema, toJsonString(ProductSchema, { ...draft, ...notTheClients }));
  product.id = set.id.toLowerCase();
  product.createTime = set.now;
  product.updateTime = set.now;
  product.etag = hash("sha256", toBinary(ProductSchema, product), "hex").slice(0, etagDigits);
  return product;
}

// Ignored, not refused, and not even looked at: a client's time may be one that JSON has no form for.
const notTheClients = { createTime: undefined, updateTime: undefined, etag: "" };

const etagDigits = 32; // 128 bits: two states of a product, their times included, do not meet by chance
