import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../tools/chromium/find-chromium.js";

// Without a sandbox it runs as root too; the rest keeps it from calling home.
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Starts a Chromium without a window. Throws an error with instructions if none is installed. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await findChromium();
  if (executablePath === undefined) {
    throw new Error("no Chromium is installed: install chromium or Google Chrome, or set BOURSE_CHROMIUM to its path");
  }
  return chromium.launch({ executablePath, args: flags });
}
