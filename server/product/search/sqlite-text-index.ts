import { type Kysely, sql } from "kysely";
import type { ProductTables } from "../store/product-tables.ts";
import { splitSearchTerms } from "./split-search-terms.ts";
import type { MatchRange, ProductTexts, Relevance, TextIndex } from "./text-index.ts";

/** A full-text index in SQLite: https://www.sqlite.org/fts5.html. */
export class SqliteTextIndex implements TextIndex {
  readonly #tables: Kysely<ProductTables>;

  constructor(tables: Kysely<ProductTables>) {
    this.#tables = tables;
  }

  async put(
    transaction: Kysely<ProductTables>,
    sequence: bigint,
    { name, maker, description }: ProductTexts,
  ): Promise<void> {
    await sql`insert or replace into product_text (rowid, name, maker, description)
      values (${sequence}, ${joinTerms(name)}, ${joinTerms(maker)}, ${joinTerms(description)})`.execute(transaction);
  }

  async remove(transaction: Kysely<ProductTables>, sequence: bigint): Promise<void> {
    await sql`delete from product_text where rowid = ${sequence}`.execute(transaction);
  }

  async find(terms: readonly string[], { relevance, from, to, descending, limit }: MatchRange): Promise<bigint[]> {
    if (terms.length === 0) return [];
    const { rows } = await sql<{ rowid: bigint }>`select rowid from product_text
      where product_text match ${formatFts5Query(terms, relevance)} and rowid >= ${from} and rowid <= ${to}
      order by rowid ${sql.raw(descending ? "desc" : "asc")} limit ${limit}`.execute(this.#tables);
    return rows.map(({ rowid }) => rowid);
  }
}

/** Separates terms by spaces: FTS5's tokenizer treats some symbols as letters, so the texts are split before. */
function joinTerms(text: string): string {
  return splitSearchTerms(text).join(" ");
}

/**
 * Formats the FTS5 query for products that have all terms, with one relevance or with any. Terms are quoted, so that
 * FTS5 never reads one as an operator.
 */
export function formatFts5Query(terms: readonly string[], relevance?: Relevance): string {
  const distinct = [...new Set(terms)];
  const nameBegins = `{name} : ^ ${terms.map(quote).join(" + ")}*`;
  const nameWhole = `{name} : (${distinct.map(quote).join(" AND ")})`;
  // A product with a term also has every prefix of it, and each prefix query takes milliseconds.
  const longest = distinct.filter((term) => !distinct.some((other) => other !== term && other.startsWith(term)));
  const prefixes = longest.map((term) => `${quote(term)}*`).join(" AND ");
  const namePart = `{name} : (${prefixes})`;
  const maker = `{name maker} : (${prefixes})`;
  const anywhere = `(${prefixes})`;
  switch (relevance) {
    case 1:
      return nameBegins;
    case 0.8:
      return `(${nameWhole}) NOT (${nameBegins})`;
    case 0.6:
      return `(${namePart}) NOT ((${nameWhole}) OR (${nameBegins}))`;
    case 0.4:
      return `(${maker}) NOT (${namePart})`;
    case 0.2:
      return `(${anywhere}) NOT (${maker})`;
    case undefined:
      return anywhere;
  }
}

function quote(term: string): string {
  return `"${term.replaceAll('"', '""').replaceAll("\0", "")}"`;
}
