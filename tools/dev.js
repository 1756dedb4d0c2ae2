import { runChild } from "./launch/run-child.js";

/**
 * Runs the server, restarted whenever one of its files changes, and beside it Vite, which serves the dashboard with
 * hot reload and passes calls on to the server. Arguments go to the server. When one of the two ends, the other does.
 */
const args = process.argv.slice(2);
const env = { ...process.env, PORT: portOf(args) ?? process.env.PORT ?? "8080" };
const options = { stdio: /** @type {const} */ ("inherit"), env };
const results = await Promise.all([
  runToTheEnd(["--watch", "--watch-preserve-output", "server/main.ts", ...args]),
  runToTheEnd(["node_modules/vite/bin/vite.js", "--clearScreen", "false"]),
]);
process.exitCode = results.find((code) => code !== 0) ?? 0;

/** @param {string[]} command @returns {Promise<number>} the exit code; 0 where it was told to end */
async function runToTheEnd(command) {
  const { code, interrupted } = await runChild(process.execPath, command, options);
  if (interrupted) return 0;
  process.kill(process.pid, "SIGTERM"); // runChild passes it on to the other
  return code;
}

/** Vite must know the server's port. @param {string[]} list */
function portOf(list) {
  const joined = list.find((arg) => arg.startsWith("--port="));
  return joined ? joined.slice("--port=".length) : list[list.indexOf("--port") + 1 || list.length];
}
