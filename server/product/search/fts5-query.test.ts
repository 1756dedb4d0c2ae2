import { expect, test } from "vitest";
import { fts5Query } from "./fts5-query.ts";

test("a query has each beginning once, however often a word is repeated", () => {
  const words = Array<string>(100).fill("a").concat("ab", "abc");
  expect(fts5Query(words)).toBe('("abc"*)');
  expect(fts5Query(words, 0.4)).toBe('({name maker} : ("abc"*)) NOT ({name} : ("abc"*))');
});
