import { DatabaseSync } from "node:sqlite";
import { foldText } from "../../../server/product/search/fold-text.ts";
import { fts5Query } from "../../../server/product/search/fts5-query.ts";
import { searchTerms } from "../../../server/product/search/search-terms.ts";
import { relevances } from "../../../server/product/search/text-search.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";

// Whatever is searched for is a query that SQLite takes, and finds only products that have the words.

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
    const words = searchTerms(foldText(input.toString("utf8")));
    invariant(words.join("").length <= 20 * input.length, "there are more words than text");
    if (words.length === 0) return;
    for (const relevance of [undefined, ...relevances]) {
      const found = find.all(fts5Query(words, relevance));
      invariant(found.length <= 2, `it finds ${found.length} of 2`);
    }
  },
};
