import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const heading = "\n## Invariants\n";

/** The pages with invariants. Each invariant names existing tests, as `TITLE` or `GROUP > TITLE`. */
const pages = globSync("docs/**/*.md")
  .toSorted()
  .map((path) => ({ path, text: readFileSync(path, "utf8") }))
  .filter(({ text }) => text.includes(heading));

test("some pages have invariants", () => expect(pages).not.toEqual([]));

describe.each(pages)("$path", ({ text }) => {
  const invariants = text
    .slice(text.indexOf(heading))
    .split(/\n(?=\d+\. )/)
    .slice(1)
    .map((invariant) => ({
      number: Number.parseInt(invariant, 10),
      tests: Array.from(invariant.matchAll(/^ +- `([^`]+)`: (.+)$/gm), ([, file = "", name = ""]) => ({ file, name })),
    }));

  test("the invariants are numbered from 1 on, and each names a test", () => {
    expect(invariants.length).toBeGreaterThan(0);
    expect(invariants.map(({ number }) => number)).toEqual(invariants.map((_, index) => index + 1));
    expect(invariants.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  test.each(invariants.flatMap(({ number, tests }) => tests.map((each) => ({ number, ...each }))))(
    "invariant $number: $file has the test $name",
    ({ file, name }) => {
      const source = readFileSync(file, "utf8");
      for (const title of name.split(" > ")) expect(source).toContain(title);
    },
  );
});
