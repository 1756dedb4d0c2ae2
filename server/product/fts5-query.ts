import type { Relevance } from "./text-search.ts";

/**
 * The FTS5 query for products that have all words, of one relevance or of any. Every word stands in quotes, so that
 * nothing in it is taken for a part of the query's language.
 */
export function fts5Query(words: readonly string[], relevance?: Relevance): string {
  const [quoted, prefixes] = [words.map(quote), words.map((word) => `${quote(word)}*`)];
  const nameBegins = `{name} : ^ ${quoted.join(" + ")}*`;
  const nameWhole = `{name} : (${quoted.join(" AND ")})`;
  const namePart = `{name} : (${prefixes.join(" AND ")})`;
  const maker = `{name maker} : (${prefixes.join(" AND ")})`;
  const anywhere = `(${prefixes.join(" AND ")})`;
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

function quote(word: string): string {
  return `"${word.replaceAll('"', '""').replaceAll("\0", "")}"`;
}
