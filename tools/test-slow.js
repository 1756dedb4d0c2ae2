import { globSync, readFileSync } from "node:fs";
import { runVitestWithChromium } from "./chromium/run-vitest-with-chromium.js";

/**
 * Runs the unit, wire and browser tests with the tag "slow", which `npm test` skips. Passes its arguments to vitest.
 *
 * Selects the files with such tests, because vitest would otherwise load all files.
 */
const patterns = [
  "{server,client,cli,scripts,tools,bench,test}/**/*.{test,contract}.{ts,js}",
  "web/src/**/*.test.{ts,tsx}",
];
const slow = globSync(patterns).filter((path) => readFileSync(path, "utf8").includes('tags: ["slow"]'));
const contracts = slow.filter((path) => path.includes(".contract."));
const users = globSync(patterns).filter((path) =>
  contracts.some((contract) => readFileSync(path, "utf8").includes(contract.replace(/.*\//, "/"))),
);
await runVitestWithChromium([
  ...["--project", "unit", "--project", "browser", "--tags-filter", "slow"],
  ...new Set([...slow, ...users].filter((path) => path.includes(".test."))),
  ...process.argv.slice(2),
]);
