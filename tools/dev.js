import { runChild } from "./launch/run-child.js";

/**
 * Runs the server, restarted whenever one of its files changes, and Vite, which serves the dashboard with
 * hot reload and forwards calls to the server. Arguments are passed to the server. If one of the two ends, so does the
 * other.
 */
const args = process.argv.slice(2);
const env = { ...process.env, PORT: portOf(args) ?? process.env.PORT ?? "8080" };
const options = { stdio: /** @type {const} */ ("inherit"), env };
const results = await Promise.all([
  runToEnd(["--watch", "--watch-preserve-output", "server/main.ts", ...args]),
  runToEnd(["node_modules/vite/bin/vite.js", "--clearScreen", "false"]),
]);
process.exitCode = results.find((code) => code !== 0) ?? 0;

/** @param {string[]} command @returns {Promise<number>} the exit code; 0 if a signal ended the command */
async function runToEnd(command) {
  const { code, interrupted } = await runChild(process.execPath, command, options);
  if (interrupted) return 0;
  process.kill(process.pid, "SIGTERM"); // runChild forwards the signal to the other process
  return code;
}

/** The port of the server, which Vite needs too; undefined if no argument sets it. @param {string[]} list */
function portOf(list) {
  const joined = list.find((arg) => arg.startsWith("--port="));
  return joined ? joined.slice("--port=".length) : list[list.indexOf("--port") + 1 || list.length];
}
