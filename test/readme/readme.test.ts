import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settings } from "../../server/config/settings.ts";
import { expectationOf, expectations } from "./expectations.ts";
import { readmeBlocks, readmeCommands, readmeLanguages, readmeTable } from "./readme-blocks.ts";
import { ShellCommand } from "./shell-command.ts";
import { type StartedServer, startServer } from "./started-server.ts";

test("every command of the README is executed by a test, and every expectation has its command", () => {
  const expected = readmeCommands().map((command) => expectationOf(command).command);
  expect(expected.toSorted()).toEqual(expectations.map(({ command }) => command).toSorted());
  expect(readmeLanguages()).toEqual(new Set(["sh", "ts"]));
});

test("every script that the README names exists", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const named = readmeTable("Scripts").flatMap(([cell = ""]) => [...cell.matchAll(/`npm (?:run )?([\w:-]+)`/g)]);
  for (const [, name = ""] of named) expect(Object.keys(scripts)).toContain(name);
  expect(named.length).toBeGreaterThan(0);
});

test("the settings' table has every setting, with its variable and its default", () => {
  const rows = readmeTable("Settings").map(([flag = "", variable, fallback]) => [
    flag.split(",")[0],
    variable,
    fallback,
  ]);
  const all = Object.entries(settings).map(([name, setting]) => {
    const fallback = "fallback" in setting ? `\`${setting.fallback}\`` : "";
    return [`\`--${name}\``, `\`${setting.variable}\``, fallback];
  });
  expect(rows).toEqual(all);
});

describe("with a server that was started by `npm start`", () => {
  let server: StartedServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  const commands = readmeCommands().filter((command) => command !== "npm start");
  test.each(commands.filter((command) => expectationOf(command).runBy === "readme"))("%s", async (command) => {
    await using running = new ShellCommand(server.here(command));
    await running.prints(expectationOf(command).output);
  });

  test("the browser's lines watch the same stream", async () => {
    const [code = ""] = readmeBlocks("ts");
    await using running = new ShellCommand('node --input-type=module-typescript --eval "$CODE"', {
      CODE: server.here(code),
    });
    await running.prints(/^ACME [\d.]+ [\d.]+$/m);
  });
});

test("what the README links to exists", () => {
  const text = readFileSync("README.md", "utf8");
  const links = [...text.matchAll(/\]\((?!http)([^)]+)\)/g)].map(([, path = ""]) => path);
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  const anchors = headings.map((heading) => `#${heading.toLowerCase().replaceAll(" ", "-")}`);
  expect(links.filter((path) => !anchors.includes(path) && !existsSync(path))).toEqual([]);
});
