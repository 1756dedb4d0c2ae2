import { runChild } from "./launch/run-child.js";

const biome = "node_modules/@biomejs/biome/bin/biome";
const buf = "node_modules/@bufbuild/buf/bin/buf";
const tsc = "node_modules/typescript/bin/tsc";
const cspell = "node_modules/cspell/bin.mjs";
const vitest = "node_modules/vitest/vitest.mjs";

const quiet = ["--no-progress", "--no-summary"];
const cached = ["--cache", "--cache-location", "node_modules/.cache/cspell"];

/** The checks before a commit, the fastest first. `--without-tests` skips the tests. */
const checks = [
  { name: "format and lint", args: [biome, "ci", "."] },
  { name: "import boundaries, import cycles and unused files", args: ["tools/check-imports.js"] },
  { name: "spelling", args: [cspell, "lint", "--config", "tools/vocabulary/cspell.json", ...quiet, ...cached] },
  { name: "vocabulary", args: ["tools/check-vocabulary.js"] },
  { name: "types", args: [tsc, "-p", "."] },
  { name: "types of the dashboard", args: [tsc, "-p", "web"] },
  { name: "types of the tools", args: [tsc, "-p", "tools"] },
  { name: "lint of the protos", args: [buf, "lint", "proto"] },
  { name: "format of the protos", args: [buf, "format", "--exit-code", "--diff", "proto"] },
  { name: "unit and wire tests", args: [vitest, "run", "--project", "unit", "--tags-filter", "!slow"] },
];

const withoutTests = process.argv.includes("--without-tests");
const chosen = checks.filter(({ args }) => !(withoutTests && args[0] === vitest));

const failed = [];
for (const { name, args } of chosen) {
  const began = performance.now();
  const { code, interrupted, output } = await runChild(process.execPath, args, { stdio: "capture" });
  if (interrupted) process.exit(code);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (code !== 0) failed.push(name);
  if (code !== 0 || args[0] === vitest) console.log(output.trimEnd());
}
console.log(`check: ${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
