import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MemoryUnit, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { ProductCsvColumns } from "./product-csv-columns.ts";

test("columns are found by their names in any case and order", () => {
  const columns = new ProductCsvColumns(["Unit Price", "PRODUCT", "ram", "Cores", "Brand", "colour", "Currency"]);
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

test("a mapped column is used for its field only", () => {
  const columns = new ProductCsvColumns(["name", "sku name", "price"], "GBP", {
    name: "sku name",
    description: "name",
  });
  expect(columns.read(["A long text", "Lamp", "5"]).product).toMatchObject({
    name: "Lamp",
    description: "A long text",
  });
});

test("a row without laptop fields is no laptop, and an empty price is absent", () => {
  const columns = new ProductCsvColumns(["name", "price", "brand", "cores"], "EUR");
  expect(create(ProductSchema, columns.read(["Lamp", "", "", ""]).product)).toEqual(
    create(ProductSchema, { name: "Lamp" }),
  );
});

test.each([
  [
    ["price", "currency"],
    {},
    `no column for the field name: rename one to name, or map it with --columns name=COLUMN (the header has price, currency)`,
  ],
  [["name", "price"], {}, "no column for the currency of the prices: set it with --currency"],
  [["name"], { description: "text" }, "there is no column text, mapped to the field description"],
])("the error of the header %j names the missing columns", (header, mapping, problem) => {
  expect(() => new ProductCsvColumns(header, undefined, mapping)).toThrow(problem);
});

test.each([
  ["price", "1,50", "price: expected an amount such as 49.90"],
  ["cores", "eight", `cores: expected a whole number, not "eight"`],
  ["ghz", "2.4 GHz", "min_ghz: expected a number such as 2.4"],
  ["ram", "much", "ram: expected an amount of memory such as 16 GB"],
  ["screen inch", '13"', "screen_inch: expected a number such as 2.4"],
])("the error of the %s %j describes a valid value", (name, cell, problem) => {
  expect(() => new ProductCsvColumns(["name", name], "EUR").read(["Lamp", cell])).toThrow(problem);
});
