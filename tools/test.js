import { provideChromium } from "./chromium/provide-chromium.js";
import { runChild } from "./launch/run-child.js";

/**
 * Runs the tests that need no other language: unit and wire tests except the slow ones, the browser tests, and the
 * commands of the README. Passes its arguments to vitest, for example `npm test -- server/quote`.
 */
const chromium = await provideChromium(console.error).catch((error) => console.error(`bourse: ${error.message}`));
if (chromium === undefined) {
  console.error(
    "bourse: the browser tests need Chromium, which is not installed and could not be installed: " +
      "install chromium or Google Chrome, or set BOURSE_CHROMIUM to its path",
  );
  process.exitCode = 1;
} else {
  const projects = ["unit", "browser", "readme"].flatMap((name) => ["--project", name]);
  const { code } = await runChild(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...projects, "--tags-filter", "!slow", ...process.argv.slice(2)],
    { stdio: "inherit", env: { ...process.env, BOURSE_CHROMIUM: chromium } },
  );
  process.exitCode = code;
}
