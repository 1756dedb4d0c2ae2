/**
 * Splits a text into terms: runs of letters and digits. All other characters separate terms, so that a term has no
 * quotes or operators of a query language.
 */
export function splitSearchTerms(text: string): string[] {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
}

/** Normalizes a text for comparison without regard to case and Unicode form. */
export function foldCase(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
