import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnvironment } from "../child-environment.ts";
import { type BourseProcess, startBourse } from "../start-bourse.ts";

const folder = fileURLToPath(new URL("../../scripts/", import.meta.url));
const examples = (await readdir(folder)).filter((name) => name.endsWith(".ts"));
const maxLines = 59;

let bourse: BourseProcess;
beforeAll(async () => {
  bourse = await startBourse(["--instruments", "GOLD", "--demo-orders", "1200"]);
});
afterAll(() => bourse?.[Symbol.asyncDispose]());

/** Starts an example. Its output can be waited for. */
function start(script: string, ...args: readonly string[]) {
  const env = { ...childEnvironment, BOURSE_ADDRESS: bourse.url };
  const child = spawn(process.execPath, [`${folder}${script}`, ...args], { env });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const output = async () => {
    const [stderr, exitCode] = await Promise.all([text(child.stderr), ended]);
    return { lines: stdout.trimEnd().split("\n"), stderr, exitCode };
  };
  const until = async (part: string) => {
    while (!stdout.includes(part)) await new Promise((resolve) => child.stdout.once("data", resolve));
  };
  return { until, output, stop: () => child.kill("SIGINT") };
}

test.each(examples)("%s has fewer than 60 lines, and imports only packages and generated code", async (name) => {
  const source = await readFile(`${folder}${name}`, "utf8");
  expect(source.trimEnd().split("\n").length).toBeLessThanOrEqual(maxLines);
  for (const [, path] of source.matchAll(/from "(\.[^"]+)"/g)) expect(path).toMatch(/^\.\.\/gen\//);
});

test("README.md of the examples names each of them", async () => {
  const readme = await readFile(`${folder}README.md`, "utf8");
  for (const name of examples) expect(readme).toContain(`npx node scripts/${name}`);
});

test("watch-quotes.ts prints quotes until it is interrupted", async () => {
  const watch = start("watch-quotes.ts", "ACME");
  await watch.until("live\nACME bid ");
  watch.stop();
  const { lines, stderr, exitCode } = await watch.output();
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(lines[0]).toMatch(/^ACME bid [\d.]+ ask [\d.]+ last [\d.]+$/);
});

test("list-products.ts prints the header before the products, and the trailers after them", async () => {
  const { lines, stderr, exitCode } = await start("list-products.ts").output();
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const count = lines.length - 3;
  expect(lines[0]).toBe(`the server sends ${count} products`);
  expect(lines[1]).toMatch(/^[0-9a-f-]{36} .+ \d+\.\d\d [A-Z]{3}$/);
  expect(lines.at(-2)).toBe(`the server has sent ${count} products`);
  expect(lines.at(-1)).toMatch(/^digest [0-9a-f]{64}$/);
});

test("export-orders.ts prints all orders and verifies their digest", async () => {
  const { lines, stderr, exitCode } = await start("export-orders.ts").output();
  expect({ stderr, exitCode }).toEqual({ stderr: "1200 orders, verified\n", exitCode: 0 });
  expect(lines.map((line) => JSON.parse(line).sequence)).toEqual(
    Array.from({ length: 1_200 }, (_, index) => `${index + 1}`),
  );
});

test("upload-file.ts stores a file, and a second run with its id sends nothing", async () => {
  const file = `${folder}README.md`;
  const bytes = await readFile(file);
  const first = await start("upload-file.ts", file).output();
  expect(first).toMatchObject({ stderr: "", exitCode: 0 });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(first.lines.slice(1, 3)).toEqual([
    "the server has 0 bytes",
    `stored ${bytes.length}n bytes, SHA-256 ${sha256}`,
  ]);
  const stored = await fetch(first.lines[3] ?? "");
  expect(Buffer.from(await stored.arrayBuffer()).equals(bytes)).toBe(true);
  const uploadId = first.lines[0]?.slice("upload ".length) ?? "";
  const second = await start("upload-file.ts", file, uploadId).output();
  expect(second.lines.slice(1)).toEqual([`the server has ${bytes.length} bytes`, ...first.lines.slice(2)]);
});

test("publish-quotes.ts publishes the given number of quotes", async () => {
  const { lines, stderr, exitCode } = await start("publish-quotes.ts", "GOLD", "2").output();
  expect({ lines, stderr, exitCode }).toEqual({ lines: ["accepted 2n rejected 0n"], stderr: "", exitCode: 0 });
});

test("publish-quotes.ts reports the quotes that the server rejects", async () => {
  const { lines } = await start("publish-quotes.ts", "NONE", "1").output();
  expect(lines).toEqual([
    "accepted 0n rejected 1n",
    expect.stringMatching(/^rejected: no instrument has the symbol "NONE"/),
  ]);
});

test("control-stream.ts receives no quotes while the stream is paused", async () => {
  const { lines, stderr, exitCode } = await start("control-stream.ts", "ACME").output();
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(lines).toContain("the stream has applied command 1n");
  expect(lines).toContain("command 2n applies to ACME");
  expect(lines).toContain("quotes during the pause: 0");
  expect(lines.at(-1)).toMatch(/^quotes after the pause: [1-9]/);
});
