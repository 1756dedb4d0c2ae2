import { clone, create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryUnit, type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { applyMask, maxMaskPaths } from "./apply-mask.ts";
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

test("a path takes over its field and leaves the others", () => {
  const changed = applyMask(lamp, product({ name: "Lump", description: "Dark" }), ["description"]);
  expect(changed).toEqual({ ...lamp, description: "Dark" });
});

test("a path that the patch does not have clears its field", () => {
  expect(applyMask(lamp, product({}), ["description", "price"])).toEqual(
    product({ ...lamp, description: "", price: undefined }),
  );
  expect(applyMask(laptop, product({}), ["laptop"]).attributes).toEqual({ case: undefined });
});

test("a message is replaced as a whole, a path into it changes one field of it", () => {
  const patch = product({ price: { currencyCode: "EUR", units: 7n } });
  expect(applyMask(lamp, patch, ["price"]).price).toMatchObject({ currencyCode: "EUR", units: 7n, nanos: 0 });
  expect(applyMask(lamp, patch, ["price.units"]).price).toMatchObject({
    currencyCode: "EUR",
    units: 7n,
    nanos: 990_000_000,
  });
});

test("a list is replaced as a whole", () => {
  const patch = product({ attributes: { case: "laptop", value: { gpus: [{ name: "G3" }] } } });
  const { value } = applyMask(laptop, patch, ["laptop.gpus"]).attributes;
  expect(value?.gpus.map(({ name }) => name)).toEqual(["G3"]);
  expect(value?.brand).toBe("Kestrel");
});

test("one of several that exclude each other takes the place of the other", () => {
  const patch = product({ attributes: { case: "laptop", value: { weight: { case: "weightKg", value: 1.1 } } } });
  const weightAfter = (path: string) => applyMask(laptop, patch, [path]).attributes.value?.weight;
  expect(weightAfter("laptop.weight_kg")).toEqual({ case: "weightKg", value: 1.1 });
  expect(weightAfter("laptop.weight_lb")).toEqual({ case: undefined });
});

test("messages on the way are made for something to set, not for something to clear", () => {
  const patch = product({ attributes: { case: "laptop", value: { ram: { value: 8n, unit: MemoryUnit.GIGABYTE } } } });
  expect(applyMask(lamp, patch, ["laptop.ram.value"]).attributes.value?.ram).toMatchObject({ value: 8n, unit: 0 });
  expect(applyMask(lamp, patch, ["laptop.brand", "laptop.screen.multitouch"])).toEqual(lamp);
  const { value } = applyMask(laptop, product({}), ["laptop.screen.multitouch"]).attributes;
  expect(value?.screen).toMatchObject({ multitouch: false, sizeInch: 13 });
});

test("without paths, what the patch has is taken over, each field as a whole", () => {
  const patch = product({ id: "x", etag: "y", name: "Lump", price: { currencyCode: "EUR", units: 7n } });
  expect(applyMask(lamp, patch, [])).toEqual(product({ ...lamp, name: "Lump", price: patch.price }));
});

test("* takes over everything but what only the server writes", () => {
  const current = product({
    ...laptop,
    id: "x",
    etag: "e",
    createTime: timestampFromMs(1),
    updateTime: timestampFromMs(2),
  });
  const { id, etag, createTime, updateTime } = current;
  expect(applyMask(current, lamp, ["*"])).toEqual(product({ ...lamp, id, etag, createTime, updateTime }));
});

test.each([
  ["colour", `"colour": there is no "colour", but name, description, price, laptop`],
  ["", `"": there is no "", but`],
  ["name.", `"name.": name is no message, and has no fields`],
  ["laptop.cpu.size", `"laptop.cpu.size": there is no "size", but brand, name, core_count`],
  ["laptop.gpus.name", `"laptop.gpus.name": gpus is a list, which is replaced as a whole`],
  ["laptop.coreCount", `there is no "coreCount"`],
  ["attributes", `there is no "attributes"`],
  ["laptop.*", `there is no "*"`],
  ["__proto__", `there is no "__proto__"`],
  ["x".repeat(5_000), `there is no "${"x".repeat(100)}…"`],
])("the path %j leads nowhere, and the error says so", (path, problem) => {
  expect(() => applyMask(laptop, laptop, ["name", path])).toThrow(InvalidFieldError);
  expect(() => applyMask(laptop, laptop, [path])).toThrow(problem);
});

test.each(["id", "etag", "create_time", "create_time.seconds", "update_time", "delete_time", "images", "images.size"])(
  "%s is not a client's to change",
  (path) => {
    expect(() => applyMask(laptop, laptop, [path])).toThrow("cannot be changed");
  },
);

test("a mask has a limited number of paths", () => {
  expect(() => applyMask(lamp, lamp, Array(maxMaskPaths + 1).fill("name"))).toThrow("has 101 paths, and at most 100");
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

test("whatever the products: neither is touched, a mask twice is a mask once, and the other fields stay", () => {
  fc.assert(
    fc.property(anyProduct, anyProduct, fc.subarray(paths, { minLength: 1 }), (current, patch, mask) => {
      const [currentBefore, patchBefore] = [clone(ProductSchema, current), clone(ProductSchema, patch)];
      const once = applyMask(current, patch, mask);
      expect(equals(ProductSchema, applyMask(once, patch, mask), once)).toBe(true);
      expect(equals(ProductSchema, current, currentBefore) && equals(ProductSchema, patch, patchBefore)).toBe(true);
      // What the mask does not reach comes back when the masked fields are taken back.
      const tops = [...new Set(mask.map((path) => path.split(".")[0] ?? ""))];
      expect(equals(ProductSchema, applyMask(once, current, tops), current)).toBe(true);
    }),
  );
});

test("whatever the products: what * gives has all of the patch that a client may set", () => {
  fc.assert(
    fc.property(anyProduct, anyProduct, (current, patch) => {
      const { id, etag, createTime, updateTime } = current;
      const expected = { ...clone(ProductSchema, patch), id, etag, createTime, updateTime } as Product;
      expect(equals(ProductSchema, applyMask(current, patch, ["*"]), expected)).toBe(true);
    }),
  );
});

function product(fields: MessageInitShape<typeof ProductSchema>): Product {
  return create(ProductSchema, fields);
}
