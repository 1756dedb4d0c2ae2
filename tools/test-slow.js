import { globSync, readFileSync } from "node:fs";
import { runChild } from "./launch/run-child.js";

/**
 * Runs the unit and wire tests with the tag "slow", which `npm test` skips. Passes its arguments to vitest.
 *
 * Selects the files with such tests, because vitest would otherwise load all files.
 */
const patterns = [
  "{server,client,scripts,tools,bench,test}/**/*.{test,contract}.{ts,js}",
  "web/src/**/*.test.{ts,tsx}",
];
const slow = globSync(patterns).filter((path) => readFileSync(path, "utf8").includes('tags: ["slow"]'));
const contracts = slow.filter((path) => path.includes(".contract."));
const users = globSync(patterns).filter((path) =>
  contracts.some((contract) => readFileSync(path, "utf8").includes(contract.replace(/.*\//, "/"))),
);
const { code } = await runChild(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    ...["--project", "unit", "--tags-filter", "slow"],
    ...new Set([...slow, ...users].filter((path) => path.includes(".test."))),
    ...process.argv.slice(2),
  ],
  { stdio: "inherit" },
);
process.exitCode = code;
