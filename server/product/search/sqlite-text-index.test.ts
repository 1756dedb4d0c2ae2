import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../storage/sqlite/database.ts";
import { type ProductTables, productMigrations } from "../store/product-tables.ts";
import { textIndexContract } from "../testing/text-index.contract.ts";
import { formatFts5Query, SqliteTextIndex } from "./sqlite-text-index.ts";

textIndexContract(async () => {
  const resources = new AsyncDisposableStack();
  const temporary = resources.use(await mkdtempDisposable(join(tmpdir(), "bourse-texts-")));
  const { tables } = resources.use(
    await openDatabase<ProductTables>(temporary.path, { migrations: [productMigrations] }),
  );
  return { textIndex: new SqliteTextIndex(tables), tables, [Symbol.asyncDispose]: () => resources.disposeAsync() };
});

test("a query has one prefix for terms that are repeated or contained in others", () => {
  const terms = Array<string>(100).fill("a").concat("ab", "abc");
  expect(formatFts5Query(terms)).toBe('("abc"*)');
  expect(formatFts5Query(terms, 0.4)).toBe('({name maker} : ("abc"*)) NOT ({name} : ("abc"*))');
});
