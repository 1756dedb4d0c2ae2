import { type Kysely, sql } from "kysely";
import type { Tables } from "../../storage/tables.ts";
import { fts5Query } from "./fts5-query.ts";
import { searchTerms } from "./search-terms.ts";
import type { MatchRange, ProductTexts, TextSearch } from "./text-search.ts";

/** Text search by SQLite's FTS5. */
export class SqliteTextSearch implements TextSearch {
  readonly #tables: Kysely<Tables>;

  constructor(tables: Kysely<Tables>) {
    this.#tables = tables;
  }

  async put(transaction: Kysely<Tables>, sequence: bigint, { name, maker, description }: ProductTexts): Promise<void> {
    await sql`insert or replace into product_text (rowid, name, maker, description)
      values (${sequence}, ${wordsOf(name)}, ${wordsOf(maker)}, ${wordsOf(description)})`.execute(transaction);
  }

  async remove(transaction: Kysely<Tables>, sequence: bigint): Promise<void> {
    await sql`delete from product_text where rowid = ${sequence}`.execute(transaction);
  }

  async find(words: readonly string[], { relevance, from, to, descending, limit }: MatchRange): Promise<bigint[]> {
    if (words.length === 0) return [];
    const { rows } = await sql<{ rowid: bigint }>`select rowid from product_text
      where product_text match ${fts5Query(words, relevance)} and rowid >= ${from} and rowid <= ${to}
      order by rowid ${sql.raw(descending ? "desc" : "asc")} limit ${limit}`.execute(this.#tables);
    return rows.map(({ rowid }) => rowid);
  }
}

/** What words there are is not left to FTS5, which has other views of characters that are neither letter nor digit. */
function wordsOf(text: string): string {
  return searchTerms(text).join(" ");
}
