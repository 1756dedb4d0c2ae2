import { expect, test } from "vitest";
import { findPhrases, splitIdentifiers } from "./find-phrases.js";

/** @param {string} text */
const found = (text) => findPhrases(text).map((finding) => `${finding.line}: ${finding.found}`);

test("a flagged phrase is reported with its line and the standard term", () => {
  expect(findPhrases("a\n// The page at hand is sent.")).toEqual([
    { line: 2, found: "at hand", standard: "available, buffered, ready" },
  ]);
});

test.each(["const maxAtHand = 1;", "max_at_hand", "max-at-hand", "class AtHandPages {}"])(
  "the identifier in `%s` is split into its words",
  (text) => {
    expect(found(text)).toEqual(["1: at hand"]);
  },
);

test("a phrase that runs over two lines of a comment is found on its first line", () => {
  expect(found("/**\n * It reads the page at\n * hand.\n */")).toEqual(["2: at hand"]);
  expect(found("// the page at\n// hand")).toEqual(["1: at hand"]);
});

test("a word inside another word is not found", () => {
  expect(found("passwords, outstanding, understood, keywords, indoors, retold")).toEqual([]);
});

test("terms of the field are not found", () => {
  expect(found("A slow reader falls behind. Run it behind a reverse proxy, or behind NAT.")).toEqual([]);
});

test("the flag --door keeps its name", () => {
  expect(found("`--door chunks`")).toEqual([]);
});

test("a line with an exception, and the line after an exception, are not checked", () => {
  expect(found("const words = 1; // vocabulary: allow, a list of English words\nconst words = 2;")).toEqual([
    "2: words",
  ]);
  expect(found("<!-- vocabulary: allow, a quotation -->\nwords\nwords")).toEqual(["3: words"]);
});

test("an exception without a reason has no effect", () => {
  expect(found("const words = 1; // vocabulary: allow")).toEqual(["1: words"]);
});

test("identifiers are split at capitals, underscores and hyphens", () => {
  expect(splitIdentifiers("maxAtHand SOME_THING a-b --flag")).toBe("max at hand some thing a b --flag");
});
