import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MemoryUnit, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductColumns } from "./product-columns.ts";

test("columns are found by their names, whatever their case and order", () => {
  const columns = new ProductColumns(["Unit Price", "PRODUCT", "ram", "Cores", "Brand", "colour", "Currency"]);
  const { product } = columns.read(["999.90", "Air 13", "16 GB", "8", "Kestrel", "red", "EUR"]);
  expect(create(ProductSchema, product)).toEqual(
    create(ProductSchema, {
      name: "Air 13",
      price: { currencyCode: "EUR", units: 999n, nanos: 900_000_000 },
      attributes: {
        case: "laptop",
        value: { brand: "Kestrel", cpu: { coreCount: 8 }, ram: { value: 16n, unit: MemoryUnit.GIGABYTE } },
      },
    }),
  );
  expect(columns.paths).toEqual(["name", "price", "laptop.brand", "laptop.cpu.core_count", "laptop.ram"]);
});

test("a mapping says which column has what, and takes it away from what its name says", () => {
  const columns = new ProductColumns(["name", "sku name", "price"], "GBP", { name: "sku name", description: "name" });
  expect(columns.read(["A long text", "Lamp", "5"]).product).toMatchObject({
    name: "Lamp",
    description: "A long text",
  });
});

test("a row without anything of a laptop is none, and an empty price is none", () => {
  const columns = new ProductColumns(["name", "price", "brand", "cores"], "EUR");
  expect(create(ProductSchema, columns.read(["Lamp", "", "", ""]).product)).toEqual(
    create(ProductSchema, { name: "Lamp" }),
  );
});

test.each([
  [["price", "currency"], {}, `no column tells the name: name one "name" (the header has price, currency)`],
  [["name", "price"], {}, "no column tells the currency of the prices: say it with --currency"],
  [["name"], { description: "text" }, "no column is called text, as description is to be"],
])("a header of %j is refused with what is missing", (header, mapping, problem) => {
  expect(() => new ProductColumns(header, undefined, mapping)).toThrow(problem);
});

test.each([
  ["price", "1,50", "price: an amount such as 49.90"],
  ["cores", "eight", `cores: a whole number is needed, not "eight"`],
  ["ghz", "2.4 GHz", "min_ghz: a number such as 2.4 is needed"],
  ["ram", "much", "ram: an amount of memory such as 16 GB"],
  ["screen inch", '13"', "screen_inch: a number such as 2.4 is needed"],
])("a %s of %j is refused with what would be right", (name, cell, problem) => {
  expect(() => new ProductColumns(["name", name], "EUR").read(["Lamp", cell])).toThrow(problem);
});
