import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

const run = promisify(execFile);

test("the default is all workloads, and selected workloads keep the order of the table", () => {
  const all = parseOptions([]);
  expect(all).toMatchObject({ json: false, quick: false });
  const [first, second, third] = all.workloads.map(({ name }) => name);
  const some = parseOptions(["--only", `${third}, ${first}`, "--peers", "grpc-go,ours", "--quick"]);
  expect(some.workloads.map(({ name }) => name)).toEqual([first, third]);
  expect(some.workloads.map(({ name }) => name)).not.toContain(second);
  expect(some.peers.map(({ name }) => name)).toEqual(["ours", "grpc-go"]);
  expect(some.quick).toBe(true);
});

test("the help lists the choices and their default", async () => {
  const { stdout } = await run(process.execPath, ["bench/run.ts", "--help"]);
  expect(stdout).toContain("(default: all)");
  expect(stdout).toContain("upload-store");
  expect(stdout).not.toContain("{");
});
