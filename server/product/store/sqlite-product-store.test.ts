import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { type Database, openDatabase } from "../../storage/sqlite/database.ts";
import { SqliteTextIndex } from "../search/sqlite-text-index.ts";
import { productStoreContract } from "../testing/product-store.contract.ts";
import { type ProductTables, productMigrations } from "./product-tables.ts";
import { SqliteProductStore } from "./sqlite-product-store.ts";

const storeOf = (database: Database<ProductTables>) =>
  new SqliteProductStore(database, new SqliteTextIndex(database.queries));

const temporaryDirectory = () => mkdtempDisposable(join(tmpdir(), "bourse-products-"));

productStoreContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await temporaryDirectory());
  const database = resources.use(
    await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] }),
  );
  return {
    store: storeOf(database),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
});

const lamp = create(ProductSchema, {
  id: "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11",
  name: "Lamp",
  price: { currencyCode: "EUR", units: 49n, nanos: 900_000_000 },
});

test("products survive a restart, in their order", async () => {
  await using temporary = await temporaryDirectory();
  const shade = create(ProductSchema, { id: "0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c02", name: "Shade" });
  {
    await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
    await storeOf(database).create(lamp);
  }
  await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
  const store = storeOf(database);
  await store.create(shade);
  expect(await Array.fromAsync((await store.openSnapshot()).pages())).toEqual([[lamp, shade]]);
});

test("the fields of queries have their own columns", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
  await storeOf(database).create(lamp);
  const columns = ["sequence", "id", "name", "price_currency", "price_units", "price_nanos"] as const;
  expect(await database.tables.selectFrom("product").select(columns).execute()).toEqual([
    { sequence: 1n, id: lamp.id, name: "Lamp", price_currency: "EUR", price_units: 49n, price_nanos: 900_000_000n },
  ]);
});

test("lookups and counts do not wait for an open transaction", async () => {
  await using temporary = await temporaryDirectory();
  await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
  const store = storeOf(database);
  await store.create(lamp);
  const [began, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const transaction = database.tables.transaction().execute(async (tables) => {
    await tables.selectFrom("product").select("id").execute();
    began.resolve();
    await end.promise;
  });
  await began.promise;
  expect(await store.get(lamp.id)).toEqual(lamp);
  expect(await store.count()).toBe(1);
  end.resolve();
  await transaction;
});
