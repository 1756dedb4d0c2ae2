import { fileURLToPath } from "node:url";
import { bringUpToDate, stepNames } from "./bring-up-to-date.js";
import { LaunchError } from "./launch-error.js";
import { nodeBinary } from "./node-binary.js";
import { runChild } from "./run-child.js";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Brings the needs of a file up to date and runs the file on the project's own Node.
 *
 * The arguments are NEEDS (names of steps, joined by commas; NAME@COMMAND for one command only) and, to run a file, its path and its arguments. Node flags
 * of the launcher are passed to the file.
 * Sets the exit code: that of the file, 128 + n if signal n ended it, 1 if it could not be run.
 *
 * @param {readonly string[]} argv
 */
export async function launch([needs = "", file, ...args]) {
  try {
    await bringUpToDate(projectRoot, stepNames(needs, args[0]), printError);
    if (file === undefined) return;
    const command = [...process.execArgv, file, ...args];
    const { code } = await runChild(nodeBinary(projectRoot), command, { stdio: "inherit" });
    process.exitCode = code;
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    printError(`bourse: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/** Standard output belongs to the file that is run. @param {string} text */
function printError(text) {
  process.stderr.write(text);
}
