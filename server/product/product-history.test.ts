import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { openDatabase } from "../storage/database.ts";
import { maxUncheckedStates } from "./product-history.ts";
import { SqliteProductStore } from "./sqlite-product-store.ts";
import { SqliteTextSearch } from "./sqlite-text-search.ts";

const id = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";

test("states that nobody lists are dropped, those that a listing needs only when it is closed", async () => {
  await using shop = await openShop();
  await using listing = await shop.store.list();
  await shop.change();
  await using second = await shop.store.list();
  await shop.change();
  await shop.change();
  expect(await shop.kept()).toBe(3);
  await second[Symbol.asyncDispose]();
  expect(await shop.kept()).toBe(1);
  await listing[Symbol.asyncDispose]();
  expect(await shop.kept()).toBe(0);
});

test("however often a product changes during a listing, one state of it is kept beyond the thousand", async () => {
  await using shop = await openShop();
  await using listing = await shop.store.list();
  for (let n = 0; n < maxUncheckedStates * 2; n++) await shop.change();
  expect(await shop.kept()).toBeLessThanOrEqual(maxUncheckedStates + 1);
  expect(await Array.fromAsync(listing.pages())).toMatchObject([[{ name: "0" }]]);
});

async function openShop() {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-history-")));
  const { tables } = resources.use(await openDatabase(temporary.path));
  const store = new SqliteProductStore(tables, new SqliteTextSearch(tables));
  await store.create(create(ProductSchema, { id, name: "0" }));
  // The first change looks at all that an earlier server left.
  await store.update(id, (current) => ({ ...current, description: "changed once" }));
  const next = (current: Product): Product => ({ ...current, name: String(Number(current.name) + 1) });
  return {
    store,
    change: () => store.update(id, next),
    kept: async () => (await tables.selectFrom("product_past").select("until_revision").execute()).length,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
