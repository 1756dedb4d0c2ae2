import { create, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { NotFoundError, StaleEtagError } from "../shared/api-resource-errors.ts";
import { BrokenRulesError } from "../shared/request-errors.ts";
import { createProduct, deleteProduct, updateProduct } from "./create-product-revision.ts";
import { anyProduct } from "./testing/any-product.ts";

const id = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";
const created = timestampFromMs(1_790_000_000_000);
const later = timestampFromMs(1_790_000_000_001);
const lamp = createProduct(create(ProductSchema, { name: "Lamp" }), { id, now: created });
const draftLamp = create(ProductSchema, { name: "Lamp" });

describe("createProduct", () => {
  test("takes the fields of the client and sets the others", () => {
    const draft = create(ProductSchema, {
      name: "Lamp",
      price: { currencyCode: "EUR", units: 5n },
      etag: "the client's",
      createTime: { seconds: 1n },
      updateTime: { seconds: 10n ** 18n },
    });
    expect(createProduct(draft, { id: id.toUpperCase(), now: created })).toEqual({
      ...create(ProductSchema, { id, name: "Lamp", price: draft.price }),
      createTime: created,
      updateTime: created,
      etag: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  test("gives each revision its own etag", () => {
    const etagOf = (name: string, seconds: bigint) =>
      createProduct(create(ProductSchema, { name }), { id, now: { ...created, seconds } }).etag;
    expect(etagOf("Lamp", 1n)).toBe(etagOf("Lamp", 1n));
    expect(new Set([etagOf("Lamp", 1n), etagOf("Lamp", 2n), etagOf("Lamps", 1n)]).size).toBe(3);
  });

  test("drops unknown fields", () => {
    const unknownField = Uint8Array.of(0xfa, 0x07, 1, 42); // number 127, one byte
    const draft = fromBinary(ProductSchema, Buffer.concat([toBinary(ProductSchema, draftLamp), unknownField]));
    expect(draft.$unknown).toHaveLength(1);
    expect(createProduct(draft, { id, now: created })).toEqual(createProduct(draftLamp, { id, now: created }));
  });

  test("drops the sign of a zero, which JSON cannot represent", () => {
    const weight = (value: number) => ({
      case: "laptop" as const,
      value: { weight: { case: "weightKg" as const, value } },
    });
    const product = createProduct(create(ProductSchema, { name: "Air", attributes: weight(-0) }), { id, now: created });
    expect(product).toEqual(
      createProduct(create(ProductSchema, { name: "Air", attributes: weight(0) }), { id, now: created }),
    );
  });

  test("any product survives JSON and binary unchanged", () => {
    fc.assert(
      fc.property(anyProduct, (draft) => {
        const product = createProduct(draft, { id, now: created });
        const bytes = toBinary(ProductSchema, product);
        const throughJson = fromJsonString(ProductSchema, toJsonString(ProductSchema, product));
        expect(toBinary(ProductSchema, throughJson)).toEqual(bytes);
        expect(toBinary(ProductSchema, fromBinary(ProductSchema, bytes))).toEqual(bytes);
      }),
    );
  });
});

describe("updateProduct and deleteProduct", () => {
  const rename = (name: string, etag = "") => ({ patch: create(ProductSchema, { id, name, etag }), paths: ["name"] });

  test("an update sets the update time and the etag, and keeps the id and the creation time", () => {
    const renamed = updateProduct(lamp, rename("Lump"), later);
    expect(renamed).toMatchObject({ id, name: "Lump", createTime: created, updateTime: later });
    expect(renamed.etag).toMatch(/^[0-9a-f]{32}$/);
    expect(renamed.etag).not.toBe(lamp.etag);
  });

  test("an update that changes nothing returns the same product", () => {
    expect(updateProduct(lamp, rename("Lamp"), later)).toBe(lamp);
  });

  test("a revision with the content of an earlier one has another etag, also within one tick of the clock", () => {
    const changed = updateProduct(lamp, rename("Lump"), created);
    const restored = updateProduct(changed, rename("Lamp"), created);
    expect(restored).toEqual({ ...lamp, etag: restored.etag });
    expect(restored.etag).not.toBe(lamp.etag);
  });

  test("an update with a stale etag is refused, and the error has the current etag", () => {
    const renamed = updateProduct(lamp, rename("Lump", lamp.etag), later);
    expect(() => updateProduct(renamed, rename("Lamb", lamp.etag), later)).toThrow(StaleEtagError);
    expect(() => updateProduct(renamed, rename("Lamb", lamp.etag), later)).toThrow(renamed.etag);
  });

  test("a repeated update is refused with an etag, and has no effect without one", () => {
    const renamed = updateProduct(lamp, rename("Lump"), later);
    expect(updateProduct(renamed, rename("Lump"), later)).toBe(renamed);
    expect(() => updateProduct(renamed, rename("Lump", lamp.etag), later)).toThrow(
      `the product ${renamed.id} has the etag ${renamed.etag}, not "${lamp.etag}": it has changed since it was read; get it, compare, and retry with its etag`,
    );
  });

  test("an update that violates the rules is refused with the paths of the fields", () => {
    const patch = create(ProductSchema, { id, price: { currencyCode: "eur", units: -1n } });
    const violations = violationsOf(() => updateProduct(lamp, { patch, paths: ["name", "price"] }, later));
    expect(violations.map(({ field }) => field)).toEqual(["product.name", "product.price", "product.price"]);
  });

  test("a deleted product has a delete time, and can be neither updated nor deleted", () => {
    const deleted = deleteProduct(lamp, lamp.etag, later);
    expect(deleted).toMatchObject({ name: "Lamp", deleteTime: later, updateTime: later });
    expect(deleted.etag).not.toBe(lamp.etag);
    expect(() => deleteProduct(deleted, "", later)).toThrow(NotFoundError);
    expect(() => updateProduct(deleted, rename("Lump"), later)).toThrow(NotFoundError);
  });

  test("a deletion with a stale etag is refused", () => {
    expect(() => deleteProduct(lamp, "other", later)).toThrow(StaleEtagError);
  });
});

function violationsOf(change: () => Product): BrokenRulesError["violations"] {
  try {
    change();
  } catch (error) {
    if (error instanceof BrokenRulesError) return error.violations;
  }
  throw new Error("no BrokenRulesError was thrown");
}
