import { create } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { BrokenRulesError } from "../domain-errors.ts";

/**
 * Throws a BrokenRulesError that names every field of a product which breaks the rules in the protos.
 *
 * Requests have passed them already; what an update makes of a product has not.
 */
export function checkProductRules(product: Product): void {
  const result = validator.validate(ProductSchema, product);
  if (result.kind === "invalid") throw new BrokenRulesError("product", result.error);
  if (result.kind === "error") throw result.error;
}

const validator = createValidator();
// The rules are compiled when they are first used, which takes tens of milliseconds: no call is to wait for that.
validator.validate(ProductSchema, create(ProductSchema));
