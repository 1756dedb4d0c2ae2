import { equals } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { NotFoundError, StaleEtagError } from "../shared/resource-errors.ts";
import { applyMask } from "./apply-mask.ts";
import { checkProductRules } from "./product-rules.ts";
import { productState } from "./store/product-state.ts";

/** What an update asks for. */
export interface ProductChange {
  /** The new values, and the etag of the state that is to be changed; empty: whatever state it is in. */
  readonly patch: Product;
  /** The fields to change, as {@link applyMask} takes them. */
  readonly paths: readonly string[];
}

/**
 * What an update makes of a product: the product itself, untouched, where that is nothing.
 *
 * Throws a NotFoundError where it was deleted, a StaleEtagError where it is in another state than the change is for, and
 * what {@link applyMask} and {@link checkProductRules} throw.
 */
export function changedProduct(current: Product, { patch, paths }: ProductChange, now: Timestamp): Product {
  expectState(current, patch.etag);
  const changed = applyMask(current, patch, paths);
  checkProductRules(changed);
  const { id, createTime, updateTime, etag } = current;
  const next = productState(changed, { id, createTime, updateTime: now, previousEtag: etag });
  return equals(ProductSchema, { ...next, updateTime, etag } as Product, current) ? current : next;
}

/** A product as it is once it is deleted. Throws as {@link changedProduct} does. */
export function deletedProduct(current: Product, etag: string, now: Timestamp): Product {
  expectState(current, etag);
  const { id, createTime, etag: previousEtag } = current;
  return productState(current, { id, createTime, updateTime: now, deleteTime: now, previousEtag });
}

function expectState({ id, etag, deleteTime }: Product, expected: string): void {
  if (deleteTime !== undefined) throw new NotFoundError("product", id);
  if (expected !== "" && expected !== etag) throw new StaleEtagError("product", id, etag);
}
