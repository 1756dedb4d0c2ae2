import { create } from "@bufbuild/protobuf";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { BrokenRulesError } from "../shared/request-errors.ts";
import { createValidate } from "../shared/request-validation.ts";

/**
 * Throws a BrokenRulesError with the fields of a product that violate the rules in the protos.
 *
 * Requests are validated before they reach a handler; the result of an update is not.
 */
export function validateProduct(product: Product): void {
  const error = validate(ProductSchema, product);
  if (error !== undefined) throw new BrokenRulesError("product", error);
}

/** Whether a text is a well-formed product id: a UUID in upper or lower case. */
export function isProductId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

const validate = createValidate();
// The first use compiles the rules, which takes tens of milliseconds: do it at start, not in the first call.
validate(ProductSchema, create(ProductSchema));
