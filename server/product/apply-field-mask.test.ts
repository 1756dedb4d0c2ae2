import { clone, create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryUnit, type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { applyFieldMask, maxMaskPaths } from "./apply-field-mask.ts";
import { anyProduct } from "./testing/any-product.ts";

const lamp = product({
  name: "Lamp",
  description: "Bright",
  price: { currencyCode: "EUR", units: 5n, nanos: 990_000_000 },
});
const laptop = product({
  name: "Air",
  attributes: {
    case: "laptop",
    value: {
      brand: "Kestrel",
      cpu: { name: "U5", coreCount: 8 },
      gpus: [{ name: "G1" }, { name: "G2" }],
      weight: { case: "weightLb", value: 2.5 },
      screen: { multitouch: true, sizeInch: 13 },
    },
  },
});

test("a path replaces its field and no other", () => {
  const changed = applyFieldMask(lamp, product({ name: "Lump", description: "Dark" }), ["description"]);
  expect(changed).toEqual({ ...lamp, description: "Dark" });
});

test("a path to a field that the patch does not set clears the field", () => {
  expect(applyFieldMask(lamp, product({}), ["description", "price"])).toEqual(
    product({ ...lamp, description: "", price: undefined }),
  );
  expect(applyFieldMask(laptop, product({}), ["laptop"]).attributes).toEqual({ case: undefined });
});

test("a path to a message replaces the whole message, a path into it one field", () => {
  const patch = product({ price: { currencyCode: "EUR", units: 7n } });
  expect(applyFieldMask(lamp, patch, ["price"]).price).toMatchObject({ currencyCode: "EUR", units: 7n, nanos: 0 });
  expect(applyFieldMask(lamp, patch, ["price.units"]).price).toMatchObject({
    currencyCode: "EUR",
    units: 7n,
    nanos: 990_000_000,
  });
});

test("a path to a list replaces the whole list", () => {
  const patch = product({ attributes: { case: "laptop", value: { gpus: [{ name: "G3" }] } } });
  const { value } = applyFieldMask(laptop, patch, ["laptop.gpus"]).attributes;
  expect(value?.gpus.map(({ name }) => name)).toEqual(["G3"]);
  expect(value?.brand).toBe("Kestrel");
});

test("setting a member of a oneof clears the other members", () => {
  const patch = product({ attributes: { case: "laptop", value: { weight: { case: "weightKg", value: 1.1 } } } });
  const weightAfter = (path: string) => applyFieldMask(laptop, patch, [path]).attributes.value?.weight;
  expect(weightAfter("laptop.weight_kg")).toEqual({ case: "weightKg", value: 1.1 });
  expect(weightAfter("laptop.weight_lb")).toEqual({ case: undefined });
});

test("parent messages are created to set a field, not to clear one", () => {
  const patch = product({ attributes: { case: "laptop", value: { ram: { value: 8n, unit: MemoryUnit.GIGABYTE } } } });
  expect(applyFieldMask(lamp, patch, ["laptop.ram.value"]).attributes.value?.ram).toMatchObject({ value: 8n, unit: 0 });
  expect(applyFieldMask(lamp, patch, ["laptop.brand", "laptop.screen.multitouch"])).toEqual(lamp);
  const { value } = applyFieldMask(laptop, product({}), ["laptop.screen.multitouch"]).attributes;
  expect(value?.screen).toMatchObject({ multitouch: false, sizeInch: 13 });
});

test("an empty mask replaces the top-level fields that the patch sets", () => {
  const patch = product({ id: "x", etag: "y", name: "Lump", price: { currencyCode: "EUR", units: 7n } });
  expect(applyFieldMask(lamp, patch, [])).toEqual(product({ ...lamp, name: "Lump", price: patch.price }));
});

test("* replaces all fields except those that only the server sets", () => {
  const current = product({
    ...laptop,
    id: "x",
    etag: "e",
    createTime: timestampFromMs(1),
    updateTime: timestampFromMs(2),
  });
  const { id, etag, createTime, updateTime } = current;
  expect(applyFieldMask(current, lamp, ["*"])).toEqual(product({ ...lamp, id, etag, createTime, updateTime }));
});

test.each([
  ["colour", `"colour": unknown field "colour"; use one of name, description, price, laptop`],
  ["", `"": unknown field ""; use one of`],
  ["name.", `"name.": name has no subfields`],
  ["laptop.cpu.size", `"laptop.cpu.size": unknown field "size"; use one of brand, name, core_count`],
  ["laptop.gpus.name", `"laptop.gpus.name": gpus is a list, which can only be replaced as a whole`],
  ["laptop.coreCount", `unknown field "coreCount"`],
  ["attributes", `unknown field "attributes"`],
  ["laptop.*", `unknown field "*"`],
  ["__proto__", `unknown field "__proto__"`],
  ["x".repeat(5_000), `unknown field "${"x".repeat(100)}…"`],
])("the path %j is refused", (path, problem) => {
  expect(() => applyFieldMask(laptop, laptop, ["name", path])).toThrow(InvalidFieldError);
  expect(() => applyFieldMask(laptop, laptop, [path])).toThrow(problem);
});

test.each(["id", "etag", "create_time", "create_time.seconds", "update_time", "delete_time", "images", "images.size"])(
  "a client cannot change %s",
  (path) => {
    expect(() => applyFieldMask(laptop, laptop, [path])).toThrow("cannot be changed");
  },
);

test("a mask with too many paths is refused", () => {
  expect(() => applyFieldMask(lamp, lamp, Array(maxMaskPaths + 1).fill("name"))).toThrow(
    "101 paths exceed the limit of 100",
  );
});

const paths = [
  "name",
  "description",
  "price",
  "price.units",
  "laptop",
  "laptop.brand",
  "laptop.cpu.max_ghz",
  "laptop.ram",
];

test("a mask is idempotent, modifies neither product and leaves the other fields (any products)", () => {
  fc.assert(
    fc.property(anyProduct, anyProduct, fc.subarray(paths, { minLength: 1 }), (current, patch, mask) => {
      const [currentBefore, patchBefore] = [clone(ProductSchema, current), clone(ProductSchema, patch)];
      const once = applyFieldMask(current, patch, mask);
      expect(equals(ProductSchema, applyFieldMask(once, patch, mask), once)).toBe(true);
      expect(equals(ProductSchema, current, currentBefore) && equals(ProductSchema, patch, patchBefore)).toBe(true);
      // Restoring the masked fields gives the original product, so no other field has changed.
      const tops = [...new Set(mask.map((path) => path.split(".")[0] ?? ""))];
      expect(equals(ProductSchema, applyFieldMask(once, current, tops), current)).toBe(true);
    }),
  );
});

test("* sets every field that a client can set (any products)", () => {
  fc.assert(
    fc.property(anyProduct, anyProduct, (current, patch) => {
      const { id, etag, createTime, updateTime } = current;
      const expected = { ...clone(ProductSchema, patch), id, etag, createTime, updateTime } as Product;
      expect(equals(ProductSchema, applyFieldMask(current, patch, ["*"]), expected)).toBe(true);
    }),
  );
});

function product(fields: MessageInitShape<typeof ProductSchema>): Product {
  return create(ProductSchema, fields);
}
