import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

/** Tests that the invariants of a page are numbered, and that each names existing tests, as `TITLE` or `GROUP > TITLE`. */
export async function testInvariantsOf(path: string): Promise<void> {
  const page = await readFile(new URL(path, root), "utf8");
  const invariants = page
    .slice(page.indexOf("## Invariants"))
    .split(/\n(?=\d+\. )/)
    .slice(1)
    .map((text) => ({
      number: Number.parseInt(text, 10),
      tests: Array.from(text.matchAll(/^ +- `([^`]+)`: (.+)$/gm), ([, file = "", name = ""]) => ({ file, name })),
    }));

  test(`the invariants of ${path} are numbered from 1 on, and each names a test`, () => {
    expect(invariants.length).toBeGreaterThan(0);
    expect(invariants.map(({ number }) => number)).toEqual(invariants.map((_, index) => index + 1));
    expect(invariants.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  test.each(invariants.flatMap(({ number, tests }) => tests.map((each) => ({ number, ...each }))))(
    "invariant $number: $file has the test $name",
    async ({ file, name }) => {
      const source = await readFile(new URL(file, root), "utf8");
      for (const title of name.split(" > ")) expect(source).toContain(title);
    },
  );
}
