import { expect, test } from "vitest";
import { splitSearchTerms } from "./split-search-terms.ts";

test.each([
  ["Kestrel Air 13", ["Kestrel", "Air", "13"]],
  ['"air" AND (13 OR name:x)*', ["air", "AND", "13", "OR", "name", "x"]],
  ["über-leicht, 16GB/512", ["über", "leicht", "16GB", "512"]],
  ["u\u0308ber", ["u\u0308ber"]],
  ["a\0b", ["a", "b"]],
  ["🚀🚀", []],
  ["🚀 rocket", ["rocket"]],
  ["\u0301 _ -- ''", []],
  ["", []],
])("%j has the terms %j", (text, terms) => {
  expect(splitSearchTerms(text)).toEqual(terms);
});
