import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

const usualPaths = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

const startLimitMs = 20_000; // a cold disk and a busy machine; it takes 0.1 s otherwise

/**
 * Returns the path of an installed Chromium that starts: that of the environment variable BOURSE_CHROMIUM, one on PATH,
 * one at a common path, or that of Playwright.
 *
 * Throws if BOURSE_CHROMIUM names one that does not start.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string | undefined>} undefined if none is installed
 */
export async function findChromium(env = process.env) {
  const named = env.BOURSE_CHROMIUM;
  if (named) {
    if (await starts(named)) return named;
    throw new Error(`BOURSE_CHROMIUM is ${named}, which does not start: set it to the path of a Chromium, or unset it`);
  }
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of [...onPath, ...usualPaths]) if (await starts(path)) return path;
  const playwright = await playwrightPath();
  return (await starts(playwright)) ? playwright : undefined;
}

/** Whether a Chromium starts: one whose libraries are missing does not. @param {string} path */
async function starts(path) {
  if (!existsSync(path)) return false;
  if (process.platform === "win32") return true; // there, `--version` opens a window
  try {
    await promisify(execFile)(path, ["--version"], { timeout: startLimitMs });
    return true;
  } catch {
    return false;
  }
}

/** Returns the path of Playwright's Chromium, even if it is not installed. */
async function playwrightPath() {
  const { chromium } = await import("playwright-core");
  return chromium.executablePath();
}
