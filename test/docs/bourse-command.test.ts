import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createProgram } from "../../cli/program.ts";
import { exitCodeMeanings } from "../../cli/shared/exit-codes.ts";

const page = readFileSync("docs/reference/commands.md", "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| "));

test("docs/reference/commands.md has every command of bourse, and no other", async () => {
  const program = await createProgram();
  const names = program.commands.flatMap((command) =>
    command.commands.length === 0
      ? [command.name()]
      : command.commands.map((each) => `${command.name()} ${each.name()}`),
  );
  const named = rows
    .filter((row) => row.startsWith("| `bourse "))
    .flatMap((row) => Array.from((row.split("|")[1] ?? "").matchAll(/`bourse ([\w ]+)`/g), ([, name = ""]) => name));
  expect(named.toSorted()).toEqual(names.toSorted());
});

test("docs/reference/commands.md has the exit codes of the help", () => {
  const documented = rows.flatMap((row) => {
    const [, code, meaning] = /^\| (\d+) \| (.*) \|$/.exec(row) ?? [];
    return code === undefined ? [] : [[code, meaning?.replaceAll("\\|", "|")]];
  });
  expect(documented).toEqual(Object.entries(exitCodeMeanings));
});
