import { globSync, readFileSync } from "node:fs";
import { runChild } from "./launch/run-child.js";

/**
 * Runs the unit and wire tests that have the tag "slow", which `npm test` leaves out. Arguments are passed to vitest.
 *
 * Names only the files that have such a test: vitest would load all.
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
