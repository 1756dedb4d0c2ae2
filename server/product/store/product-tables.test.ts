import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Migration } from "kysely/migration";
import { expect, test } from "vitest";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { demoCatalogue } from "../demo/demo-catalogue.ts";
import { SqliteProductFinder } from "../search/sqlite-product-finder.ts";
import { SqliteTextIndex } from "../search/sqlite-text-index.ts";
import { toProductRow } from "./product-row.ts";
import { type ProductTables, productMigrations } from "./product-tables.ts";
import { SqliteProductStore } from "./sqlite-product-store.ts";

const products = demoCatalogue(timestampFromMs(1_790_000_000_000)).map((product) =>
  fromBinary(ProductSchema, toBinary(ProductSchema, product)),
);

test("the migration gives products of the first version all columns and texts of the search", async () => {
  await using temporary = await mkdtempDisposable(join(tmpdir(), "bourse-earlier-"));
  {
    const createProducts = productMigrations["0001-create-products"] as Migration;
    await using database = await openDatabase<ProductTables>(temporary.path, {
      migrations: [{ "0001-create-products": createProducts }],
    });
    for (const product of products) {
      const { id, name, price_currency, price_units, price_nanos } = toProductRow(product);
      const body = toBinary(ProductSchema, product);
      // Only the columns of the first version. The types have those of the newest.
      const row = { id, name, price_currency, price_units, price_nanos, body } as never;
      await database.tables.insertInto("product").values(row).execute();
    }
  }
  await using database = await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] });
  const textIndex = new SqliteTextIndex(database.tables);
  const store = new SqliteProductStore(database, textIndex);
  const finder = new SqliteProductFinder(database.tables, textIndex);

  await using snapshot = await store.openSnapshot();
  expect((await Array.fromAsync(snapshot.pages())).flat()).toEqual(products);

  const columns = ["id", "brand", "core_count", "min_ghz", "ram_bits", "revision", "deleted"] as const;
  const rows = await database.tables.selectFrom("product").select(columns).orderBy("sequence").execute();
  const expected = products.map((product) => {
    const { id, brand, core_count, min_ghz, ram_bits } = toProductRow(product);
    return { id, brand, core_count, min_ghz, ram_bits, revision: 0n, deleted: 0n };
  });
  expect(rows).toEqual(expected);

  for (const terms of [["kestrel", "air"], ["dock"], ["felt", "fleece"]]) {
    const found = (await Array.fromAsync(finder.find({ terms, order: "created-ascending" }))).flat();
    const named = products.filter((product) => {
      const laptop = product.attributes.value;
      const text = [product.name, product.description, laptop?.brand, laptop?.cpu?.brand, laptop?.cpu?.name].join(" ");
      return terms.every((term) => new RegExp(`\\b${term}`, "i").test(text));
    });
    expect(found.map(({ product }) => product.name)).toEqual(named.map(({ name }) => name));
    expect(named.length).toBeGreaterThan(0);
  }
});
