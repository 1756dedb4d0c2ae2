import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../storage/database.ts";
import { SqliteProductStore } from "../store/sqlite-product-store.ts";
import { productFinderContract } from "../testing/product-finder.contract.ts";
import { SqliteProductFinder } from "./sqlite-product-finder.ts";
import { SqliteTextSearch } from "./sqlite-text-search.ts";

productFinderContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-finder-")));
  const database = resources.use(await openDatabase(temporary.path));
  const texts = new SqliteTextSearch(database.queries);
  return {
    finder: new SqliteProductFinder(database.queries, texts),
    store: new SqliteProductStore(database, texts),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
});
