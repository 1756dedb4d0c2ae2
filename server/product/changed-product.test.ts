import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { BrokenRulesError } from "../shared/request-errors.ts";
import { NotFoundError, StaleEtagError } from "../shared/resource-errors.ts";
import { changedProduct, deletedProduct } from "./changed-product.ts";
import { newProduct } from "./new-product.ts";

const id = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";
const created = timestampFromMs(1_790_000_000_000);
const later = timestampFromMs(1_790_000_000_001);
const lamp = newProduct(create(ProductSchema, { name: "Lamp" }), { id, now: created });

const rename = (name: string, etag = "") => ({ patch: create(ProductSchema, { id, name, etag }), paths: ["name"] });

test("a change sets the time and the etag, and keeps id and creation", () => {
  const lump = changedProduct(lamp, rename("Lump"), later);
  expect(lump).toMatchObject({ id, name: "Lump", createTime: created, updateTime: later });
  expect(lump.etag).toMatch(/^[0-9a-f]{32}$/);
  expect(lump.etag).not.toBe(lamp.etag);
});

test("a change that changes nothing gives the product itself", () => {
  expect(changedProduct(lamp, rename("Lamp"), later)).toBe(lamp);
});

test("a state that comes back within the same tick of the clock has another etag", () => {
  const there = changedProduct(lamp, rename("Lump"), created);
  const back = changedProduct(there, rename("Lamp"), created);
  expect(back).toEqual({ ...lamp, etag: back.etag });
  expect(back.etag).not.toBe(lamp.etag);
});

test("a change for another state is refused, and the error has the etag of this one", () => {
  const lump = changedProduct(lamp, rename("Lump", lamp.etag), later);
  expect(() => changedProduct(lump, rename("Lamb", lamp.etag), later)).toThrow(StaleEtagError);
  expect(() => changedProduct(lump, rename("Lamb", lamp.etag), later)).toThrow(lump.etag);
});

test("what breaks a rule once it is changed is refused with the paths of the fields", () => {
  const patch = create(ProductSchema, { id, price: { currencyCode: "eur", units: -1n } });
  const violations = violationsOf(() => changedProduct(lamp, { patch, paths: ["name", "price"] }, later));
  expect(violations.map(({ field }) => field)).toEqual(["product.name", "product.price", "product.price"]);
});

test("a deleted product has the time, and can be neither changed nor deleted", () => {
  const gone = deletedProduct(lamp, lamp.etag, later);
  expect(gone).toMatchObject({ name: "Lamp", deleteTime: later, updateTime: later });
  expect(gone.etag).not.toBe(lamp.etag);
  expect(() => deletedProduct(gone, "", later)).toThrow(NotFoundError);
  expect(() => changedProduct(gone, rename("Lump"), later)).toThrow(NotFoundError);
});

test("a deletion of another state is refused", () => {
  expect(() => deletedProduct(lamp, "other", later)).toThrow(StaleEtagError);
});

function violationsOf(change: () => Product): BrokenRulesError["violations"] {
  try {
    change();
  } catch (error) {
    if (error instanceof BrokenRulesError) return error.violations;
  }
  throw new Error("no rule was broken");
}
