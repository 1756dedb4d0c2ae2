import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

let bourse: BourseProcess;
beforeAll(async () => {
  bourse = await startBourse(["--no-demo"]);
});
afterAll(() => bourse?.[Symbol.asyncDispose]());

/** Runs the command in a pipe. */
async function run(...args: readonly string[]) {
  const options = args.includes("--address") ? [] : ["--address", bourse.url];
  const child = spawn(process.execPath, ["cli/main.ts", "watch", ...args, ...options]);
  const [stdout, stderr, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { lines: stdout.trimEnd().split("\n"), stderr, exitCode };
}

test("output to a pipe has a line for each quote, the snapshot first", async () => {
  const { lines, stderr, exitCode } = await run("ACME", "--count", "3");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^stream [0-9a-f-]{36}$/);
  expect(lines[1]).toMatch(
    /^snapshot +ACME +bid +[\d.]+ +ask +[\d.]+ +last +[\d.]+ +volume +\d+ +\d\d:\d\d:\d\d\.\d{6}$/,
  );
  expect(lines[3]).toMatch(/^live +ACME /);
});

test("with --json standard output has only one object for each quote", async () => {
  const { lines, stderr } = await run("ACME", "NONE", "--json", "--count", "5");
  const quotes = lines.map((line) => JSON.parse(line));
  expect(quotes).toHaveLength(5);
  expect(quotes[0]).toEqual({
    symbol: "ACME",
    bid: expect.any(Number),
    ask: expect.any(Number),
    last: expect.any(Number),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    seq: expect.any(Number),
    instrument_seq: expect.any(Number),
  });
  expect(stderr).toBe("there is no instrument NONE: bourse instruments lists all\n");
});

test("--from-start prints all stored quotes of all instruments without a gap", async () => {
  const { lines } = await run("--json", "--from-start", "--policy", "disconnect", "--count", "500");
  expect(lines.map((line) => JSON.parse(line).seq)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
});

test("a watch of symbols that do not exist ends with an error", async () => {
  const { lines, stderr, exitCode } = await run("NONE", "acme", "--quiet");
  expect({ lines, exitCode }).toEqual({ lines: [""], exitCode: 1 });
  expect(stderr).toBe(
    "there is no instrument NONE: bourse instruments lists all\nthere is no instrument acme: bourse instruments lists all\n",
  );
});

test("an unreachable server and an invalid rate are errors", async () => {
  const { lines, stderr, exitCode } = await run("--address", "http://127.0.0.1:1");
  expect({ lines, exitCode }).toEqual({ lines: [""], exitCode: 1 });
  expect(stderr).toBe("cannot connect to http://127.0.0.1:1: is the server running? bourse serve starts it\n");
  expect(await run("--max-rate", "0")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("0.001 to 1,000"),
  });
});
