import { hash } from "node:crypto";
import { fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";

/** What the server says of a state of a product. */
export interface StateFacts {
  readonly id: string;
  readonly createTime: Timestamp | undefined;
  readonly updateTime: Timestamp;
  readonly deleteTime?: Timestamp;
  /** The etag of the state before, where there is one. */
  readonly previousEtag?: string;
}

/**
 * A state of a product as it is stored: what a client may choose is the draft's, the rest is set, with an etag of its
 * own.
 *
 * Only what every protocol carries unchanged is kept, so that all clients get the same product and the same digest of
 * it: no fields that this version does not know, and no sign on a zero, which JSON has no place for.
 */
export function productState(draft: Product, { previousEtag = "", ...facts }: StateFacts): Product {
  const kept = fromJsonString(ProductSchema, toJsonString(ProductSchema, { ...draft, ...notTheClients }));
  const product = Object.assign(kept, facts);
  // With the etag before in it, a state that comes back is another one, even within the same tick of the clock.
  const content = Buffer.concat([Buffer.from(previousEtag), toBinary(ProductSchema, product)]);
  product.etag = hash("sha256", content, "hex").slice(0, etagDigits);
  return product;
}

// Ignored, not refused, and not even looked at: a client's time may be one that JSON has no form for.
const notTheClients = { createTime: undefined, updateTime: undefined, deleteTime: undefined, etag: "", images: [] };

const etagDigits = 32; // 128 bits: two states of a product do not meet by chance
