import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentBlocks, documentCommands, documentLanguages } from "./document-blocks.ts";
import { expectationOf, expectations } from "./expectations.ts";
import { ShellCommand } from "./shell-command.ts";
import { type StartedServer, startServer } from "./started-server.ts";

test("a test executes every command of the README and the guides, and every expectation has a command", () => {
  const expected = documentCommands().map((command) => expectationOf(command).command);
  expect(expected.toSorted()).toEqual(expectations.map(({ command }) => command).toSorted());
  expect(documentLanguages()).toEqual(new Set(["sh", "ts"]));
});

describe("with a server started by `npm start`", () => {
  let server: StartedServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  const commands = documentCommands().filter((command) => command !== "npm start");
  test.each(commands.filter((command) => expectationOf(command).runBy === "readme"))("%s", async (command) => {
    await using running = new ShellCommand(server.here(command));
    await running.prints(expectationOf(command).output);
  });

  test("the code for the browser watches the same stream", async () => {
    const [code = ""] = documentBlocks("ts");
    await using running = new ShellCommand('node --input-type=module-typescript --eval "$CODE"', {
      CODE: server.here(code),
    });
    await running.prints(/^ACME [\d.]+ [\d.]+$/m);
  });
});
