import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

const gold = "test/data/quotes/gold.csv";
const symbols = ["GOLD", "PIPE", "BAD", "OTHER", "CUT"];

let bourse: BourseProcess;
beforeAll(async () => {
  bourse = await startBourse(["--no-demo", "--simulated-instruments", "1", "--instruments", symbols.join()]);
});
afterAll(() => bourse?.[Symbol.asyncDispose]());

function run(...args: readonly string[]) {
  const options = args.includes("--address") ? [] : ["--address", bourse.url];
  const child = spawn(process.execPath, ["cli/main.ts", "publish", ...args, ...options]);
  const done = Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]).then(([stdout, stderr, exitCode]) => ({ stdout, stderr, exitCode }));
  return { child, done };
}

/** @param input the content of standard input */
function runWith(input: string, ...args: readonly string[]) {
  const { child, done } = run("-", ...args);
  child.stdin.end(input);
  return done;
}

const lastPriceOf = async (symbol: string) =>
  (await createClient(QuoteService, createGrpcTransport({ baseUrl: bourse.url })).getQuote({ symbol })).quote?.last;

test("a file is published under its name, and quotes that the server has are rejected with exit code 2", async () => {
  const first = await run(gold).done;
  expect(first).toMatchObject({ exitCode: 0, stderr: "" });
  expect(first.stdout).toMatch(/^300 quotes accepted, 0 rejected, [\d,]+ per second\n$/);
  const again = await run(gold).done;
  expect(again.exitCode).toBe(2);
  expect(again.stdout).toMatch(/^0 quotes accepted, 300 rejected/);
  expect(again.stderr).toMatch(/^quote 1 \(GOLD\): its time 2026-.* is before 2026-/);
  expect(again.stderr).toMatch(/quote 10 .*\nand 290 more\n$/s);
  expect(await run(gold, "--allow-rejected").done).toMatchObject({ exitCode: 0 });
});

test("the quotes of a pipe are published as they arrive", async () => {
  const { child, done } = run("-", "--symbol", "PIPE", "--columns", "last=px");
  child.stdin.write("time,px\n2026-01-05T14:30:00Z,7\n");
  await vi.waitFor(async () => expect(await lastPriceOf("PIPE")).toBe(7), { timeout: 5000 });
  child.stdin.end("2026-01-05T14:30:01Z,8\n");
  expect((await done).stdout).toMatch(/^2 quotes accepted, 0 rejected/);
  expect(await lastPriceOf("PIPE")).toBe(8);
});

test("Ctrl-C ends an open pipe, and the number of published quotes is printed", async () => {
  const { child, done } = run("-", "--symbol", "CUT");
  child.stdin.write("time,last\n2026-01-05T14:30:00Z,7\n");
  await vi.waitFor(async () => expect(await lastPriceOf("CUT")).toBe(7), { timeout: 5000 });
  child.kill("SIGINT");
  expect(await done).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^1 quotes accepted, 0 rejected/) });
});

test("an invalid row ends the command with its line number, and the rows before it are published", async () => {
  const answer = await runWith("symbol,time,last\nBAD,2026-01-05,1\nBAD,2026-01-06,x\nBAD,2026-01-07,3\n");
  expect(answer.stdout).toMatch(/^1 quotes accepted, 0 rejected/);
  expect(answer).toMatchObject({ exitCode: 1, stderr: '-: line 3: last "x" is not a number\n' });
  expect(await lastPriceOf("BAD")).toBe(1);
});

test.each([
  ["a pipe without symbols", [], "time,last\n", "-: line 1: no column for the symbol: set it with --symbol"],
  ["an empty pipe", [], "", "- is empty: a header is needed"],
  ["a file without prices", ["--symbol", "OTHER"], "time,x\n", "-: line 1: no column for a price"],
  ["an invalid mapping", ["--columns", "bid"], "", "FIELD=COLUMN pairs such as time=ts,bid=b"],
  ["an unreachable server", ["--address", "http://127.0.0.1:9"], "symbol,time,last\nA,2026-01-05,1\n", "bourse serve"],
])("%s is refused with what to do", async (_what, args, input, problem) => {
  const { exitCode, stderr } = await runWith(input, ...args);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(problem);
});

test("the error of a missing file has its name", async () => {
  const { exitCode, stderr } = await run("no-such.csv").done;
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("no-such.csv")]);
});
