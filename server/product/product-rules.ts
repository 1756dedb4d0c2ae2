import { create } from "@bufbuild/protobuf";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { BrokenRulesError } from "../shared/request-errors.ts";
import { createValidate } from "../shared/validation.ts";

/**
 * Throws a BrokenRulesError that names the fields of a product which break the rules in the protos.
 *
 * Requests have passed them already; what an update makes of a product has not.
 */
export function checkProductRules(product: Product): void {
  const error = validate(ProductSchema, product);
  if (error !== undefined) throw new BrokenRulesError("product", error);
}

const validate = createValidate();
// The rules are compiled when they are first used, which takes tens of milliseconds: no call is to wait for that.
validate(ProductSchema, create(ProductSchema));
