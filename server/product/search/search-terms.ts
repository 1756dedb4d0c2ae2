/**
 * The words of a text: what is left between everything that is neither letter nor digit. What has a meaning to a search
 * engine, as quotes and operators have, is no part of a word.
 */
export function searchTerms(text: string): string[] {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
}
