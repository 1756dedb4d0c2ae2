import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { expect, test } from "vitest";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { demoCatalogue } from "./demo-catalogue.ts";

const now = timestampFromMs(1_790_000_000_000);
const products = demoCatalogue(now);

test("every product is valid", () => {
  const validator = createValidator();
  for (const product of products) expect(validator.validate(ProductSchema, product)).toMatchObject({ kind: "valid" });
});

test("there are about 200 products, more than 60 of them laptops, with unique ids and names", () => {
  expect(products.length).toBeGreaterThan(180);
  expect(products.filter((product) => product.attributes.case === "laptop").length).toBeGreaterThan(60);
  expect(new Set(products.map((product) => product.id)).size).toBe(products.length);
  expect(new Set(products.map((product) => product.name)).size).toBe(products.length);
});

test("the catalogue is the same on every server", () => {
  expect(demoCatalogue(now)).toEqual(products);
  expect(products[0]).toMatchObject({
    id: "03cf9c87-f3a6-8930-8f4c-c696d09f871c",
    name: "Kestrel Air 13 (U5 3100, 16 GB, 512 GB)",
  });
});

test("every laptop has all attributes", () => {
  for (const { attributes, price } of products) {
    if (attributes.case !== "laptop") continue;
    const { brand, cpu, ram, storages, screen, keyboard, weight, releaseYear } = attributes.value;
    expect(brand).not.toBe("");
    expect(cpu?.coreCount).toBeGreaterThan(0);
    expect(cpu?.maxGhz).toBeGreaterThan(cpu?.minGhz ?? 0);
    expect(ram?.value).toBeGreaterThan(0n);
    expect(storages[0]?.memory?.value).toBeGreaterThan(0n);
    expect(screen?.resolution?.width).toBeGreaterThan(screen?.resolution?.height ?? 0);
    expect(keyboard?.layout).toBeGreaterThan(0);
    expect(weight.value).toBeGreaterThan(0.8);
    expect(releaseYear).toBeGreaterThan(2020);
    expect(price?.units).toBeGreaterThan(200n);
  }
});

test("prices are exact, and two products have none", () => {
  const priceOf = (name: string) => products.find((product) => product.name === name)?.price;
  expect(priceOf("Kestrel Travel Dock")).toMatchObject({ currencyCode: "USD", units: 59n, nanos: 900_000_000 });
  expect(priceOf("Ticker Classic LED Display")).toMatchObject({ currencyCode: "USD", units: 349n, nanos: 0 });
  expect(products.filter((product) => product.price === undefined)).toHaveLength(2);
});
