import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as product from "../../../gen/bourse/product/v1/product_pb.ts";
import {
  Keyboard_Layout,
  type Laptop,
  LaptopSchema,
  Memory_Unit,
  Screen_Panel,
  Storage_Driver,
} from "../../../gen/classic/pcbook/laptop_pb.ts";
import { createProduct } from "../../product/create-product-revision.ts";
import { anyProduct } from "../../product/testing/any-product.ts";
import { toLaptop, toProduct } from "./convert-laptop.ts";

const id = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";
const now = timestampFromMs(1_790_000_000_123);

test.each([
  [Memory_Unit, product.MemoryUnit],
  [Storage_Driver, product.StorageDriver],
  [Screen_Panel, product.Panel],
  [Keyboard_Layout, product.KeyboardLayout],
])("the enums of both messages have the same names and numbers", (ofLaptops: object, ofProducts: object) => {
  const named = Object.entries(ofProducts).map(([name, number]) => [name === "UNSPECIFIED" ? "UNKNOWN" : name, number]);
  expect(Object.fromEntries(named)).toEqual({ ...ofLaptops });
});

test("a laptop survives the conversion to a product and back, except for its time", () => {
  fc.assert(
    fc.property(anyLaptop(), (laptop) => {
      const stored = fromBinary(product.ProductSchema, toBinary(product.ProductSchema, storedOf(laptop)));
      expect(backOf(stored)).toEqual({ ...withoutSignsOfZeros(laptop), id, updatedAt: now });
    }),
  );
});

test("every valid laptop gives a valid product", () => {
  const validator = createValidator();
  fc.assert(
    fc.property(anyLaptop(), (laptop) => {
      expect(validator.validate(LaptopSchema, laptop)).toMatchObject({ kind: "valid" });
      expect(validator.validate(product.ProductSchema, toProduct(laptop))).toMatchObject({ kind: "valid" });
    }),
  );
});

test("every laptop of the catalogue converts to a laptop of the tutorial, with its price in US dollars", () => {
  fc.assert(
    fc.property(anyProduct, (any) => {
      if (any.attributes.case !== "laptop") return;
      const laptop = backOf(any);
      expect(laptop.name).toBe(any.name);
      expect(laptop.cpu?.numberCores).toBe(any.attributes.value.cpu?.coreCount);
      if (any.price?.currencyCode !== "USD") expect(laptop.priceUsd).toBe(0);
    }),
  );
});

function storedOf(laptop: Laptop): product.Product {
  return createProduct(toProduct(laptop), { id, now });
}

function backOf(any: product.Product): Laptop {
  if (any.attributes.case !== "laptop") throw new Error("the product is not a laptop");
  return toLaptop(any, any.attributes.value);
}

/** Returns the laptop without negative zeros, which the catalogue does not store. */
function withoutSignsOfZeros<T>(value: T): T;
function withoutSignsOfZeros(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (Array.isArray(value)) return value.map(withoutSignsOfZeros);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSignsOfZeros(each)]));
}

function anyLaptop(): fc.Arbitrary<Laptop> {
  const clocks = { minGhz: amount(), maxGhz: amount() };
  const count = fc.nat({ max: 2 ** 32 - 1 });
  const memory = fc.record({ value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), unit: anyOf(Memory_Unit) });
  const named = { brand: text(0), name: text(0) };
  const weight = fc.oneof(
    fc.record({ case: fc.constant("weightKg" as const), value: amount() }),
    fc.record({ case: fc.constant("weightLb" as const), value: amount() }),
  );
  const parts = {
    cpu: fc.record({ ...named, numberCores: count, numberThreads: count, ...clocks }),
    ram: memory,
    gpus: fc.array(fc.record({ ...named, ...clocks, memory }), { maxLength: 16 }),
    storages: fc.array(fc.record({ driver: anyOf(Storage_Driver), memory }), { maxLength: 64 }),
    screen: fc.record({
      sizeInch: fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }),
      resolution: fc.record({ width: count, height: count }),
      panel: anyOf(Screen_Panel),
      multitouch: fc.boolean(),
    }),
    keyboard: fc.record({ layout: anyOf(Keyboard_Layout), backlit: fc.boolean() }),
    weight,
  };
  const whole = fc.record({
    name: text(1),
    brand: text(0),
    priceUsd: fc.double({ min: 0, max: 2 ** 63, maxExcluded: true, noNaN: true }),
    releaseYear: fc.nat({ max: 9999 }),
  });
  return fc
    .tuple(whole, fc.record(parts, { requiredKeys: [] }))
    .map(([always, sometimes]) => create(LaptopSchema, { ...always, ...sometimes }));
}

function text(minLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: "binary", minLength, maxLength: 100 });
}

function amount(): fc.Arbitrary<number> {
  return fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
}

function anyOf<T>(values: Record<string, T>): fc.Arbitrary<T> {
  return fc.constantFrom(...Object.values(values));
}
