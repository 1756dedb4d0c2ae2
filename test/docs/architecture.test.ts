import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { fencedBlocks } from "../readme/document-blocks.ts";

const page = readFileSync("docs/architecture.md", "utf8");
/** The files of the project, with uncommitted ones. */
const projectFiles = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter(existsSync);

/** The number of the migration of the example. A real migration can have the same number. */
const exampleMigration = /(?<=")0007(?=-create-watchlists")/g;

/** The files of the example: fenced blocks that begin with a comment with their path. */
const exampleFiles = ["proto", "ts"].flatMap((language) =>
  fencedBlocks(page, language).map((block) => {
    const [, path = ""] = /^\/\/ (\S+)\n/.exec(block) ?? [];
    const text = `${block.slice(block.indexOf("\n") + 1)}\n`;
    return { path, text: text.replaceAll(exampleMigration, nextMigrationNumber()) };
  }),
);

/** Returns the number after the largest one of the project's migrations. */
function nextMigrationNumber(): string {
  const migrations = projectFiles.filter((path) => /^server\/.*-tables\.ts$/.test(path));
  const texts = migrations.map((path) => readFileSync(path, "utf8"));
  const numbers = texts.flatMap((text) =>
    Array.from(text.matchAll(/"(\d{4})-[^"]+": \{/g), ([, number]) => Number(number)),
  );
  return String(Math.max(...numbers) + 1).padStart(4, "0");
}

test("every path that docs/architecture.md names exists", () => {
  const text = page.replaceAll(/^```.*?^```$/gms, "");
  const paths = text.matchAll(/`((?:[\w.-]+\/)+[\w.-]*|[\w-]+\.(?:ts|md|proto|json))`/g);
  const named = Array.from(paths, ([, path = ""]) => path);
  const existing = [...projectFiles, ...exampleFiles.map(({ path }) => path), ...madeFolders];
  const exists = (path: string) =>
    path.endsWith("/")
      ? existing.some((each) => `/${each}`.includes(`/${path}`))
      : existing.some((each) => `/${each}`.endsWith(`/${path}`));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => !exists(path))).toEqual([]);
});

/** Folders that are not in git. */
const madeFolders = ["gen/bourse/watchlist/v1/", "uploads/open/", "uploads/complete/"];

test("the example changes two files of code and the table of attacks outside of its folders", () => {
  expect(
    exampleFiles.map(({ path }) => path).filter((path) => !/^(?:server|proto\/bourse)\/watchlist\//.test(path)),
  ).toEqual([]);
  expect(changes().map(({ path }) => path)).toEqual([
    "server/routes.ts",
    "server/app.ts",
    "test/wire/shared-limit-attacks.ts",
  ]);
});

test("the example builds, obeys the import rules, passes its tests and serves calls", {
  tags: ["slow"],
  timeout: 180_000,
}, async () => {
  const copy = copyProject();
  for (const { path, text } of [...exampleFiles, ...changes()]) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
  const buf = "node_modules/@bufbuild/buf/bin/buf";
  const ownTypes = { extends: "./tsconfig.json", include: ["server/app.ts", "server/watchlist"] };
  writeFileSync(
    join(copy, "tsconfig.example.json"),
    JSON.stringify({ ...ownTypes, compilerOptions: { incremental: false } }),
  );
  await node(copy, buf, "lint", "--path", "proto/bourse/watchlist");
  await node(copy, buf, "format", "--exit-code", "--diff", "--path", "proto/bourse/watchlist", "proto");
  await node(copy, buf, "generate", "--template", generateTemplate, "--path", "proto/bourse/watchlist");
  await node(copy, buf, "build", ...notServed, "--output", "gen/descriptors.binpb");
  const biome = "node_modules/@biomejs/biome/bin/biome";
  await node(copy, biome, "ci", "--vcs-enabled=false", "server/watchlist");
  // Sorts the imports, because the example can be out of order among the imports of the project.
  await node(copy, biome, "check", "--write", "--vcs-enabled=false", "server/app.ts", "server/routes.ts");
  expect(await importViolations(copy)).toEqual([]);
  await node(copy, "node_modules/typescript/bin/tsc", "-p", "tsconfig.example.json");
  await node(
    copy,
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    "unit",
    "--update",
    "server/watchlist",
    "test/docs/limits",
  );

  await using server = await startServer(copy);
  const tech = { name: "tech", symbols: ["ACME"] };
  const call = (method: string, request: unknown) =>
    callJson(server.url, `bourse.watchlist.v1.WatchlistService/${method}`, request);
  expect(await call("SaveWatchlist", { watchlist: tech })).toEqual({ watchlist: tech });
  expect(await call("GetWatchlist", { name: "tech" })).toEqual({ watchlist: tech });
  expect(await call("GetWatchlist", { name: "other" })).toMatchObject({ code: "not_found" });
  expect(await call("SaveWatchlist", { watchlist: { name: "a", symbols: ["NONE"] } })).toMatchObject({
    code: "invalid_argument",
    message: expect.stringContaining("no instrument has the symbol NONE"),
  });
  expect(await call("SaveWatchlist", { watchlist: { name: "" } })).toMatchObject({ code: "invalid_argument" });
  const method = `${server.url}/bourse.watchlist.v1.WatchlistService/ListWatchlists`;
  const list = await node(copy, buf, "curl", "--http2-prior-knowledge", "--protocol", "grpc", "--verbose", method);
  expect(JSON.parse(list.stdout)).toEqual({ watchlist: tech });
  expect(list.stderr).toMatch(/bourse-total-count: 1.*bourse-sent-count: 1/is);
});

/** The protos that `tools/launch/generated-step.js` excludes from reflection. */
const notServed = ["test/proto/test", "bench/proto/bench"].flatMap((path) => ["--exclude-path", path]);

const generateTemplate = JSON.stringify({
  version: "v2",
  plugins: [
    {
      local: "node_modules/.bin/protoc-gen-es",
      out: "gen",
      opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
    },
  ],
});

/** Copies the files of the project and the generated code to a temporary folder, with a link to the dependencies. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "bourse-example-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  for (const path of projectFiles) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(path, join(copy, path));
  }
  cpSync("gen", join(copy, "gen"), { recursive: true });
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Runs a program on the project's Node. Rejects with its output if it fails. */
async function node(folder: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  try {
    return await promisify(execFile)(process.execPath, args, { cwd: folder });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args.join(" ")} failed:\n${stdout}\n${stderr}`);
  }
}

/** Returns the violations of import rules in the example. `npm run check` reports those of the project. */
async function importViolations(folder: string): Promise<string[]> {
  const output = await node(folder, "tools/check-imports.js").then(
    () => "",
    (error: Error) => error.message,
  );
  return output.split("\n").filter((line) => line.includes("watchlist"));
}

/** Starts the server of a folder on a free port. */
async function startServer(folder: string): Promise<{ url: string } & AsyncDisposable> {
  const args = ["server/main.ts", "--port", "0", "--no-demo", "--log-level", "silent"];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const close = async () => {
    child.kill("SIGTERM");
    await closed;
  };
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/[\d.:]+/.exec(line) ?? [];
    if (url !== undefined) return { url, [Symbol.asyncDispose]: close };
  }
  throw new Error("the server of the example did not start");
}

/** Calls a unary method with JSON. Resolves to the response, or to the error. */
async function callJson(url: string, method: string, request: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/${method}`, { method: "POST", headers, body: JSON.stringify(request) });
  return response.json();
}

/** Returns the files that the diffs of the page change, after the change. Throws unless each hunk matches once. */
function changes(): { path: string; text: string }[] {
  return fencedBlocks(page, "diff").map((block) => {
    const [head = "", ...hunks] = block.split(/\n@@\n/);
    const path = head.replace("--- ", "");
    const text = hunks.reduce((before, hunk) => applyHunk(path, before, hunk), readFileSync(path, "utf8"));
    return { path, text };
  });
}

function applyHunk(path: string, text: string, hunk: string): string {
  const lines = hunk.split("\n");
  const linesOf = (left: string) =>
    lines.filter((line) => " ".concat(left).includes(line[0] ?? "")).map((line) => `${line.slice(1)}\n`);
  const [before, after] = [linesOf("-").join(""), linesOf("+").join("")];
  if (text.split(before).length !== 2)
    throw new Error(`docs/architecture.md: ${path} does not have this once:\n${before}`);
  return text.replace(before, () => after);
}
