import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { SqliteTextIndex } from "../search/sqlite-text-index.ts";
import { maxUnprunedRevisions } from "./product-snapshots.ts";
import { type ProductTables, productMigrations } from "./product-tables.ts";
import { SqliteProductStore } from "./sqlite-product-store.ts";

const id = "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11";

test("archived revisions that no snapshot needs are pruned, the others when their snapshot is closed", async () => {
  await using shop = await openShop();
  await using snapshot = await shop.store.openSnapshot();
  await shop.change();
  await using second = await shop.store.openSnapshot();
  await shop.change();
  await shop.change();
  expect(await shop.archivedCount()).toBe(3);
  await second[Symbol.asyncDispose]();
  expect(await shop.archivedCount()).toBe(1);
  await snapshot[Symbol.asyncDispose]();
  expect(await shop.archivedCount()).toBe(0);
});

test("a product that changes often during a snapshot has one archived revision beyond the thousand", async () => {
  await using shop = await openShop();
  await using snapshot = await shop.store.openSnapshot();
  for (let n = 0; n < maxUnprunedRevisions * 2; n++) await shop.change();
  expect(await shop.archivedCount()).toBeLessThanOrEqual(maxUnprunedRevisions + 1);
  expect(await Array.fromAsync(snapshot.pages())).toMatchObject([[{ name: "0" }]]);
}, 60_000);

test("the cost of closing a snapshot does not depend on the number of all changes", async () => {
  await using shop = await openShop();
  await shop.tables.updateTable("product").set({ revision: 1_000_000n }).execute();
  await shop.change();
  const snapshot = await shop.store.openSnapshot();
  const before = shop.queries();
  await snapshot[Symbol.asyncDispose]();
  expect(shop.queries() - before).toBeLessThan(10);
  expect(await shop.archivedCount()).toBe(0);
});

test("archived revisions beyond one step are pruned too", async () => {
  await using shop = await openShop();
  const snapshot = await shop.store.openSnapshot();
  const body = toBinary(ProductSchema, create(ProductSchema, { id }));
  const archived = Array.from({ length: 1_300 }, (_, n) => ({
    until_revision: BigInt(n * 7 + 100),
    from_revision: 1n,
    sequence: 1n,
    body,
  }));
  await shop.tables.insertInto("product_past").values(archived).execute();
  await snapshot[Symbol.asyncDispose]();
  expect(await shop.archivedCount()).toBe(0);
});

async function openShop() {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-snapshots-")));
  const database = resources.use(
    await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] }),
  );
  let queries = 0;
  const tables = database.tables.withPlugin({
    transformQuery({ node }) {
      queries++;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const store = new SqliteProductStore({ ...database, tables }, new SqliteTextIndex(tables));
  await store.create(create(ProductSchema, { id, name: "0" }));
  // The first change prunes the archived revisions of an earlier server.
  await store.update(id, (current) => ({ ...current, description: "changed once" }));
  const next = (current: Product): Product => ({ ...current, name: String(Number(current.name) + 1) });
  return {
    store,
    tables,
    queries: () => queries,
    change: () => store.update(id, next),
    archivedCount: async () => (await tables.selectFrom("product_past").select("until_revision").execute()).length,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
