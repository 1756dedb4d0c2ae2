import { runVitestWithChromium } from "./chromium/run-vitest-with-chromium.js";

/**
 * Runs the tests that need no other language: unit, wire and browser tests except the slow ones, and the
 * commands of the README. Passes its arguments to vitest, for example `npm test -- server/quote`.
 */
const projects = ["unit", "browser", "readme"].flatMap((name) => ["--project", name]);
await runVitestWithChromium([...projects, "--tags-filter", "!slow", ...process.argv.slice(2)]);
