import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { openDatabase } from "../../storage/database.ts";
import { SqliteTextSearch } from "../search/sqlite-text-search.ts";
import { maxUncheckedStates } from "./product-history.ts";
import { SqliteProductStore } from "./sqlite-product-store.ts";

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
}, 60_000);

test("what the end of a listing costs does not grow with all changes that there ever were", async () => {
  await using shop = await openShop();
  await shop.tables.updateTable("product").set({ revision: 1_000_000n }).execute();
  await shop.change();
  const listing = await shop.store.list();
  const before = shop.queries();
  await listing[Symbol.asyncDispose]();
  expect(shop.queries() - before).toBeLessThan(10);
  expect(await shop.kept()).toBe(0);
});

test("states beyond a step are dropped too", async () => {
  await using shop = await openShop();
  const listing = await shop.store.list();
  const body = toBinary(ProductSchema, create(ProductSchema, { id }));
  const states = Array.from({ length: 1_300 }, (_, n) => ({
    until_revision: BigInt(n * 7 + 100),
    from_revision: 1n,
    sequence: 1n,
    body,
  }));
  await shop.tables.insertInto("product_past").values(states).execute();
  await listing[Symbol.asyncDispose]();
  expect(await shop.kept()).toBe(0);
});

async function openShop() {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-history-")));
  const database = resources.use(await openDatabase(temporary.path));
  let queries = 0;
  const tables = database.tables.withPlugin({
    transformQuery({ node }) {
      queries++;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const store = new SqliteProductStore({ ...database, tables }, new SqliteTextSearch(tables));
  await store.create(create(ProductSchema, { id, name: "0" }));
  // The first change looks at all that an earlier server left.
  await store.update(id, (current) => ({ ...current, description: "changed once" }));
  const next = (current: Product): Product => ({ ...current, name: String(Number(current.name) + 1) });
  return {
    store,
    tables,
    queries: () => queries,
    change: () => store.update(id, next),
    kept: async () => (await tables.selectFrom("product_past").select("until_revision").execute()).length,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
