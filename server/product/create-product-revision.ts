import { hash } from "node:crypto";
import { equals, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { NotFoundError, StaleEtagError } from "../shared/api-resource-errors.ts";
import { applyFieldMask } from "./apply-field-mask.ts";
import { validateProduct } from "./validate-product.ts";

/** An update as a client requests it. */
export interface ProductUpdate {
  /** The new values. An etag makes the update conditional: the product must have it. */
  readonly patch: Product;
  /** The fields to change: see {@link applyFieldMask}. */
  readonly paths: readonly string[];
}

/** Returns the first revision of a product. The draft gives the fields that a client can set. The id is lower-cased. */
export function createProduct(draft: Product, { id, now }: { readonly id: string; readonly now: Timestamp }): Product {
  return createRevision(draft, { id: id.toLowerCase(), createTime: now, updateTime: now });
}

/**
 * Returns the next revision of a product, or `current` itself if the update changes nothing.
 *
 * Throws a NotFoundError if the product is deleted, a StaleEtagError if the product has another etag than `patch`, and the errors
 * of {@link applyFieldMask} and {@link validateProduct}.
 */
export function updateProduct(current: Product, { patch, paths }: ProductUpdate, now: Timestamp): Product {
  checkPrecondition(current, patch.etag);
  const changed = applyFieldMask(current, patch, paths);
  validateProduct(changed);
  const { id, createTime, updateTime, etag } = current;
  const next = createRevision(changed, { id, createTime, updateTime: now, previousEtag: etag });
  return equals(ProductSchema, { ...next, updateTime, etag } as Product, current) ? current : next;
}

/**
 * Returns the revision of a product that marks it as deleted. Throws a NotFoundError if the product is deleted already,
 * and a StaleEtagError if it has another etag. An empty `etag` matches every revision.
 */
export function deleteProduct(current: Product, etag: string, now: Timestamp): Product {
  checkPrecondition(current, etag);
  const { id, createTime, etag: previousEtag } = current;
  return createRevision(current, { id, createTime, updateTime: now, deleteTime: now, previousEtag });
}

function checkPrecondition({ id, etag, deleteTime }: Product, expectedEtag: string): void {
  if (deleteTime !== undefined) throw new NotFoundError("product", id, "it was deleted, and cannot be changed");
  if (expectedEtag !== "" && expectedEtag !== etag) {
    throw new StaleEtagError("product", id, etag, expectedEtag);
  }
}

/** The fields that the server sets in a revision. */
interface RevisionMetadata {
  readonly id: string;
  readonly createTime: Timestamp | undefined;
  readonly updateTime: Timestamp;
  readonly deleteTime?: Timestamp;
  /** The etag of the revision before. Absent: this is the first one. */
  readonly previousEtag?: string;
}

/**
 * Returns a revision as it is stored: the fields of `draft` that a client can set, the metadata, and a new etag.
 *
 * Unknown fields and the sign of a zero are dropped, because JSON cannot carry them: every protocol returns the same
 * product, and every client computes the same digest.
 */
function createRevision(draft: Product, { previousEtag = "", ...metadata }: RevisionMetadata): Product {
  const normalized = fromJsonString(ProductSchema, toJsonString(ProductSchema, { ...draft, ...noMetadata }));
  const product = Object.assign(normalized, metadata);
  // The previous etag is part of the hash: a revision with the content of an earlier one gets another etag, even within
  // one tick of the clock.
  const content = Buffer.concat([Buffer.from(previousEtag), toBinary(ProductSchema, product)]);
  product.etag = hash("sha256", content, "hex").slice(0, etagDigits);
  return product;
}

// These fields of a draft are dropped before the conversion to JSON, which fails for a time out of range.
const noMetadata = { createTime: undefined, updateTime: undefined, deleteTime: undefined, etag: "", images: [] };

const etagDigits = 32; // 128 bits make a collision of two etags improbable
