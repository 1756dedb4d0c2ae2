import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MemoryUnit, ProductSchema } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { filterProducts } from "./filter-products.ts";

const laptop = create(ProductSchema, {
  name: "Blade 14",
  attributes: { case: "laptop", value: { brand: "Razer", ram: { value: 32n, unit: MemoryUnit.GIGABYTE } } },
});
const lamp = create(ProductSchema, { name: "Desk lamp", description: "Warm light" });

function found(text: string): string[] {
  return filterProducts([laptop, lamp], text).map(({ name }) => name);
}

test("every word has to be there, wherever it stands and in any case", () => {
  expect(found("RAZER 32")).toEqual(["Blade 14"]);
  expect(found("warm desk")).toEqual(["Desk lamp"]);
  expect(found("razer lamp")).toEqual([]);
});

test("no words filter nothing", () => {
  expect(found("  ")).toEqual(["Blade 14", "Desk lamp"]);
});
