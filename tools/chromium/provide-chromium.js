import { runChild } from "../launch/run-child.js";
import { findChromium } from "./find-chromium.js";

const downloadLimitMs = 3 * 60_000; // 150 MB; a blocked download would be retried for much longer
const aptLimitMs = 10 * 60_000;

/**
 * Finds a Chromium, or installs one: Playwright's download, then the package of Debian if the user is root.
 *
 * @param {(line: string) => void} print
 * @returns {Promise<string | undefined>} its path, or undefined if the installation failed
 */
export async function provideChromium(print) {
  const installed = await findChromium();
  if (installed !== undefined) return installed;
  for (const { what, commands } of ways()) {
    print(`bourse: no Chromium is installed: ${what} …`);
    for (const { command, args, timeout } of commands) {
      if (!(await succeeds(command, args, timeout, print))) break;
    }
    const path = await findChromium();
    if (path !== undefined) return path;
  }
  return undefined;
}

function ways() {
  const playwright = "node_modules/playwright-core/cli.js";
  const download = {
    what: "downloading Playwright's",
    commands: [
      { command: process.execPath, args: [playwright, "install", "--no-shell", "chromium"], timeout: downloadLimitMs },
    ],
  };
  const apt = {
    what: "installing Debian's with apt-get",
    commands: [
      { command: "apt-get", args: ["update", "-q"], timeout: aptLimitMs },
      { command: "apt-get", args: ["install", "-qy", "--no-install-recommends", "chromium"], timeout: aptLimitMs },
    ],
  };
  return process.getuid?.() === 0 ? [download, apt] : [download];
}

/** @param {string} command @param {string[]} args @param {number} timeout @param {(line: string) => void} print */
async function succeeds(command, args, timeout, print) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    const { code, output, interrupted } = await runChild(command, args, { stdio: "capture", timeout, env });
    if (interrupted) process.exit(code);
    if (code !== 0)
      print(`bourse: ${command} failed with exit code ${code}:\n${output.trim().split("\n").slice(-5).join("\n")}`);
    return code === 0;
  } catch (error) {
    print(`bourse: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}
