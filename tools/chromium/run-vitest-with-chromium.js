import { runChild } from "../launch/run-child.js";
import { provideChromium } from "./provide-chromium.js";

/**
 * Runs vitest for projects that may have browser tests: finds or installs a Chromium first, and sets BOURSE_CHROMIUM to
 * its path. Sets the exit code of this process.
 *
 * @param {readonly string[]} args the arguments of `vitest run`
 */
export async function runVitestWithChromium(args) {
  const chromium = await provideChromium(console.error).catch((error) => console.error(`bourse: ${error.message}`));
  if (chromium === undefined) {
    console.error(
      "bourse: the browser tests need Chromium, which is not installed and could not be installed: " +
        "install chromium or Google Chrome, or set BOURSE_CHROMIUM to its path",
    );
    process.exitCode = 1;
    return;
  }
  const { code } = await runChild(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...args], {
    stdio: "inherit",
    env: { ...process.env, BOURSE_CHROMIUM: chromium },
  });
  process.exitCode = code;
}
