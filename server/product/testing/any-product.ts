import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import {
  KeyboardLayout,
  MemoryUnit,
  Panel,
  type Product,
  ProductSchema,
  StorageDriver,
} from "../../../gen/bourse/product/v1/product_pb.ts";

/** Generates valid products, for property tests. */
export const anyProduct: fc.Arbitrary<Product> = fc.oneof(anyOther(), anyLaptop());

function anyOther(): fc.Arbitrary<Product> {
  return fc.record(commonFields()).map((fields) => create(ProductSchema, fields));
}

function anyLaptop(): fc.Arbitrary<Product> {
  const value = fc.record(laptopFields(), { requiredKeys: [] });
  const attributes = value.map((laptop) => ({ case: "laptop" as const, value: laptop }));
  return fc.record({ ...commonFields(), attributes }).map((fields) => create(ProductSchema, fields));
}

function commonFields() {
  const price = fc.record({
    currencyCode: fc.stringMatching(/^[A-Z]{3}$/),
    units: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  });
  const time = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => timestampFromMs(date.getTime()));
  return {
    id: fc.uuid(),
    name: text(1, 200),
    description: text(0, 10_000),
    price: fc.option(price, { nil: undefined }),
    createTime: time,
    updateTime: time,
    etag: text(0, 40),
  };
}

function laptopFields() {
  const memory = fc.record({ value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), unit: anyOf(MemoryUnit) });
  const clocks = { minGhz: amount(), maxGhz: amount() };
  const count = fc.nat({ max: 2 ** 32 - 1 });
  return {
    brand: text(0, 100),
    cpu: fc.record({ brand: text(0, 100), name: text(0, 100), coreCount: count, threadCount: count, ...clocks }),
    ram: memory,
    gpus: fc.array(fc.record({ brand: text(0, 100), name: text(0, 100), memory, ...clocks }), { maxLength: 16 }),
    storages: fc.array(fc.record({ driver: anyOf(StorageDriver), memory }), { maxLength: 64 }),
    screen: fc.record({
      sizeInch: fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }),
      resolution: fc.record({ width: count, height: count }),
      panel: anyOf(Panel),
      multitouch: fc.boolean(),
    }),
    keyboard: fc.record({ layout: anyOf(KeyboardLayout), backlit: fc.boolean() }),
    weight: fc.oneof(
      fc.record({ case: fc.constant("weightKg" as const), value: amount() }),
      fc.record({ case: fc.constant("weightLb" as const), value: amount() }),
    ),
    releaseYear: fc.integer({ min: 0, max: 9999 }),
  };
}

function text(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: "binary", minLength, maxLength });
}

function amount(): fc.Arbitrary<number> {
  return fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
}

function anyOf<T>(values: Record<string, T>): fc.Arbitrary<T> {
  return fc.constantFrom(...Object.values(values));
}
