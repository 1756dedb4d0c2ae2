import type { Relevance } from "./text-search.ts";

/**
 * The FTS5 query for products that have all words, of one relevance or of any. Every word stands in quotes, so that
 * nothing in it is taken for a part of the query's language.
 */
export function fts5Query(words: readonly string[], relevance?: Relevance): string {
  const whole = [...new Set(words)];
  const nameBegins = `{name} : ^ ${words.map(quote).join(" + ")}*`;
  const nameWhole = `{name} : (${whole.map(quote).join(" AND ")})`;
  // Who has a word has its beginnings as well: each that is looked for takes milliseconds.
  const longest = whole.filter((word) => !whole.some((other) => other !== word && other.startsWith(word)));
  const prefixes = longest.map((word) => `${quote(word)}*`);
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
