import { DatabaseSync } from "node:sqlite";
import { foldCase, splitSearchTerms } from "../../../server/product/search/split-search-terms.ts";
import { formatFts5Query } from "../../../server/product/search/sqlite-text-index.ts";
import { relevances } from "../../../server/product/search/text-index.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";

// Any search text is converted to a query that SQLite accepts and that finds only products with the terms.

const database = new DatabaseSync(":memory:");
database.exec("create virtual table product_text using fts5 (name, maker, description, tokenize = 'unicode61')");
const insert = database.prepare("insert into product_text (name, maker, description) values (?, ?, ?)");
insert.run("Kestrel Air 13", "Kestrel Arden", "light and quiet");
insert.run("Übung AND OR NOT", "NEAR", "quotes and stars");
const find = database.prepare("select rowid from product_text where product_text match ?");

export const target: FuzzTarget = {
  maxBytes: 128,
  seeds: ["kestrel air", 'a" OR name : b*', "NEAR(a b)", "Ü\u0301bung", "\0x", "13 -light ^"].map((text) =>
    Buffer.from(text),
  ),
  run(input) {
    const terms = splitSearchTerms(foldCase(input.toString("utf8")));
    invariant(terms.join("").length <= 20 * input.length, "the terms are longer than the text");
    if (terms.length === 0) return;
    for (const relevance of [undefined, ...relevances]) {
      const found = find.all(formatFts5Query(terms, relevance));
      invariant(found.length <= 2, `${found.length} of 2 products were found`);
    }
  },
};
