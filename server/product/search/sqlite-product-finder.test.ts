import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { type ProductTables, productMigrations } from "../store/product-tables.ts";
import { SqliteProductStore } from "../store/sqlite-product-store.ts";
import { productFinderContract } from "../testing/product-finder.contract.ts";
import { SqliteProductFinder } from "./sqlite-product-finder.ts";
import { SqliteTextIndex } from "./sqlite-text-index.ts";

productFinderContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-finder-")));
  const database = resources.use(
    await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] }),
  );
  const textIndex = new SqliteTextIndex(database.queries);
  return {
    finder: new SqliteProductFinder(database.queries, textIndex),
    store: new SqliteProductStore(database, textIndex),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
});
