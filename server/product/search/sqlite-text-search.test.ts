import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../storage/database.ts";
import { textSearchContract } from "../testing/text-search.contract.ts";
import { SqliteTextSearch } from "./sqlite-text-search.ts";

textSearchContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-texts-")));
  const { tables } = resources.use(await openDatabase(temporary.path));
  return { texts: new SqliteTextSearch(tables), tables, [Symbol.asyncDispose]: () => resources.disposeAsync() };
});
