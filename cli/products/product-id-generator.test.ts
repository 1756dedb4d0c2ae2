import { expect, test } from "vitest";
import { ProductIdGenerator } from "./product-id-generator.ts";

test("a file has the same ids in any directory, and another file has other ids", () => {
  const idsOf = (path: string) => {
    const ids = new ProductIdGenerator(path);
    return ["Lamp", "Shade", "Lamp"].map((name) => ids.next(name));
  };
  const ids = idsOf("a/goods.csv");
  expect(idsOf("b/goods.csv")).toEqual(ids);
  expect(new Set([...ids, ...idsOf("other.csv")]).size).toBe(6);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});
