import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "./program.ts";
import type { BourseCommand } from "./shared/bourse-command.ts";

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

const commands = leavesOf(await createProgram()) as BourseCommand[];
const examples = commands.flatMap((command) =>
  command.examples.map(([line]): [string, string] => [pathOf(command), line]),
);

test.each(commands.map((command): [string, BourseCommand] => [pathOf(command), command]))(
  "the help of %s has a description, examples, exit codes and the common options",
  (path, command) => {
    const help = command.helpInformation();
    let printed = "";
    command.configureOutput({
      writeOut: (text) => {
        printed += text;
      },
    });
    command.outputHelp();
    expect(command.description()).toMatch(/^[A-Z].*\.$/s);
    expect(printed).toContain(help);
    expect(printed).toContain("\nExamples:\n  # ");
    const codes = Array.from(printed.matchAll(/^ {2}(\d+) +\S/gm), ([, code]) => Number(code));
    expect(codes).toEqual(expect.arrayContaining([0, 1, 130, 143]));
    expect(codes.includes(124)).toBe(help.includes("--timeout"));
    const common = ["--json", "--quiet", "--timeout"];
    const expected = /serve|completion/.test(path)
      ? []
      : /backup|restore/.test(path)
        ? common
        : [...common, "--address", "--protocol"];
    for (const flag of expected) expect(help).toContain(`${flag} `.trimEnd());
  },
);

test.each(examples)("%s: the example %s is a valid command line", async (path, line) => {
  const program = await createProgram();
  let parsed: string | undefined;
  for (const command of leavesOf(program)) {
    command.action(() => {
      parsed = pathOf(command);
    });
  }
  await program.parseAsync(argumentsOf(line), { from: "user" });
  expect(parsed).toBe(path);
});

/** The arguments of `bourse` in a line of a shell. */
function argumentsOf(line: string): string[] {
  const [, args = ""] = /(?:^|\| )bourse (.*?)(?: > \S+)?$/.exec(line) ?? [];
  return Array.from(
    args.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
    ([, double, single, word]) => double ?? single ?? word ?? "",
  );
}
