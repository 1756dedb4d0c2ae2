import { runVitestWithChromium } from "./chromium/run-vitest-with-chromium.js";

/** Runs the tests that install the packages in other projects. Passes its arguments to vitest. */
await runVitestWithChromium(["--project", "package", ...process.argv.slice(2)]);
