import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("docs/reference/commands.md has every script of package.json, and no other", () => {
  const page = readFileSync("docs/reference/commands.md", "utf8");
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const runByNpm = ["prepack", "prepare"];
  const rows = page.split("\n").filter((line) => line.startsWith("| `npm "));
  const named = rows.flatMap((row) => {
    const [, commands = ""] = row.split("|");
    return Array.from(commands.matchAll(/`npm (?:run )?([\w:-]+)`/g), ([, name = ""]) => name);
  });
  expect(named.toSorted()).toEqual(
    Object.keys(scripts)
      .filter((name) => !runByNpm.includes(name))
      .toSorted(),
  );
});
