import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../tools/chromium/find-chromium.js";

// Root requires --no-sandbox. The other flags disable requests to Google.
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Starts a headless Chromium. Throws an error with instructions if none is installed. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await findChromium();
  if (executablePath === undefined) {
    throw new Error("no Chromium is installed; install chromium or Google Chrome, or set BOURSE_CHROMIUM to its path");
  }
  return chromium.launch({ executablePath, args: flags });
}
