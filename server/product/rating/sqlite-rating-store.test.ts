import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { SqliteTextIndex } from "../search/sqlite-text-index.ts";
import { type ProductTables, productMigrations } from "../store/product-tables.ts";
import { SqliteProductStore } from "../store/sqlite-product-store.ts";
import { ratingStoreContract } from "../testing/rating-store.contract.ts";
import { SqliteRatingStore } from "./sqlite-rating-store.ts";

const products = {
  first: "5b0c1f0e-7c58-4b0e-9a55-3a2f0f6f4b11",
  second: "0d6c5e39-4d3e-4d11-8a0c-bb2f5a4f0c02",
  deleted: "9f1d0e6a-1b1c-4f0e-8d55-0a2f0f6f4b99",
};

const temporaryDirectory = () => mkdtempDisposable(join(tmpdir(), "bourse-ratings-"));

ratingStoreContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await temporaryDirectory());
  const database = resources.use(
    await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] }),
  );
  const store = new SqliteProductStore(database, new SqliteTextIndex(database.queries));
  for (const id of Object.values(products)) await store.create(create(ProductSchema, { id, name: id }));
  await store.update(products.deleted, (current) => ({ ...current, deleteTime: timestampFromMs(1) }));
  return { ratings: new SqliteRatingStore(database), products, [Symbol.asyncDispose]: () => resources.disposeAsync() };
});

test("ratings survive a restart", async () => {
  await using temporary = await temporaryDirectory();
  {
    await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
    const store = new SqliteProductStore(database, new SqliteTextIndex(database.queries));
    await store.create(create(ProductSchema, { id: products.first, name: "Lamp" }));
    await new SqliteRatingStore(database).add({ productId: products.first, millionths: 5n });
  }
  await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
  const ratings = new SqliteRatingStore(database);
  expect(await ratings.add({ productId: products.first, millionths: 6n })).toEqual({ count: 2n, millionths: 11n });
});
