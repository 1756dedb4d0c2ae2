import { create, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { newProduct } from "./new-product.ts";
import { anyProduct } from "./testing/any-product.ts";

const id = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";
const now = timestampFromMs(1_790_000_000_123);

test("takes what the client chose and sets the rest", () => {
  const draft = create(ProductSchema, {
    name: "Lamp",
    price: { currencyCode: "EUR", units: 5n },
    etag: "the client's",
    createTime: { seconds: 1n },
    updateTime: { seconds: 10n ** 18n },
  });
  expect(newProduct(draft, { id: id.toUpperCase(), now })).toEqual({
    ...create(ProductSchema, { id, name: "Lamp", price: draft.price }),
    createTime: now,
    updateTime: now,
    etag: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("gives each state of a product an etag of its own", () => {
  const etagOf = (name: string, seconds: bigint) =>
    newProduct(create(ProductSchema, { name }), { id, now: { ...now, seconds } }).etag;
  expect(etagOf("Lamp", 1n)).toBe(etagOf("Lamp", 1n));
  expect(new Set([etagOf("Lamp", 1n), etagOf("Lamp", 2n), etagOf("Lamps", 1n)]).size).toBe(3);
});

test("drops fields that this version does not know", () => {
  const unknownField = Uint8Array.of(0xfa, 0x07, 1, 42); // number 127, one byte
  const draft = fromBinary(ProductSchema, Buffer.concat([toBinary(ProductSchema, lamp()), unknownField]));
  expect(draft.$unknown).toHaveLength(1);
  expect(newProduct(draft, { id, now })).toEqual(newProduct(lamp(), { id, now }));
});

test("drops the sign of a zero, which JSON does not carry", () => {
  const weight = (value: number) => ({
    case: "laptop" as const,
    value: { weight: { case: "weightKg" as const, value } },
  });
  const product = newProduct(create(ProductSchema, { name: "Air", attributes: weight(-0) }), { id, now });
  expect(product).toEqual(newProduct(create(ProductSchema, { name: "Air", attributes: weight(0) }), { id, now }));
});

test("any product reads the same through JSON and through bytes", () => {
  fc.assert(
    fc.property(anyProduct, (draft) => {
      const product = newProduct(draft, { id, now });
      const bytes = toBinary(ProductSchema, product);
      const throughJson = fromJsonString(ProductSchema, toJsonString(ProductSchema, product));
      expect(toBinary(ProductSchema, throughJson)).toEqual(bytes);
      expect(toBinary(ProductSchema, fromBinary(ProductSchema, bytes))).toEqual(bytes);
    }),
  );
});

function lamp() {
  return create(ProductSchema, { name: "Lamp" });
}
