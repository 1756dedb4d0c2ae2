import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

const usualPlaces = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

const startLimitMs = 20_000; // a cold disk and a busy machine; it takes 0.1 s otherwise

/**
 * The path of an installed Chromium that starts: the one that the environment variable BOURSE_CHROMIUM names, one on
 * PATH or in its usual place, or Playwright's own.
 *
 * Throws where BOURSE_CHROMIUM names one that does not start.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string | undefined>} undefined where none is installed
 */
export async function findChromium(env = process.env) {
  const named = env.BOURSE_CHROMIUM;
  if (named) {
    if (await starts(named)) return named;
    throw new Error(`BOURSE_CHROMIUM is ${named}, which does not start: name a Chromium, or unset it`);
  }
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of [...onPath, ...usualPlaces]) if (await starts(path)) return path;
  const playwrights = await playwrightsPath();
  return (await starts(playwrights)) ? playwrights : undefined;
}

/** A Chromium whose libraries are missing is there and of no use. @param {string} path */
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

/** Where Playwright would keep its own, there or not. */
async function playwrightsPath() {
  const { chromium } = await import("playwright-core");
  return chromium.executablePath();
}
