import { runBourse } from "./run-bourse.ts";
import { printError } from "./shared/terminal-output.ts";

/**
 * Runs a command under the name of the npm script that it was: `run-former-script.ts NAME COMMAND... -- ARGUMENT...`.
 * These names work for one more release.
 */
const [name = "", ...rest] = process.argv.slice(2);
const end = rest.indexOf("--");
const [command, args] = [rest.slice(0, end), rest.slice(end + 1)];
if (!args.includes("--quiet")) {
  printError(`npm run ${name} is now: npm run bourse -- ${command.join(" ")}; the old name ends with the next release`);
}
await runBourse([...command, ...args]);
