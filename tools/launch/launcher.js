import { fileURLToPath } from "node:url";
import { bringUpToDate, stepNames } from "./bring-up-to-date.js";
import { LaunchError } from "./launch-error.js";
import { nodeBinary } from "./node-binary.js";
import { runChild } from "./run-child.js";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Brings what a file needs up to date and runs it on the project's own Node.
 *
 * Takes NEEDS (names of steps, joined by commas), then the file and its arguments, if there is anything to run. Flags of
 * Node are passed on.
 * Sets the exit code: that of the file, 128 + n where signal n ended it, 1 where it could not be run.
 *
 * @param {readonly string[]} argv
 */
export async function launch([needs = "", file, ...args]) {
  try {
    await bringUpToDate(projectRoot, stepNames(needs), say);
    if (file === undefined) return;
    const command = [...process.execArgv, file, ...args];
    const { code } = await runChild(nodeBinary(projectRoot), command, { stdio: "inherit" });
    process.exitCode = code;
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    say(`bourse: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/** Standard output belongs to the file that is run. @param {string} text */
function say(text) {
  process.stderr.write(text);
}
