import { spawn } from "node:child_process";
import { constants } from "node:os";
import { LaunchError } from "./launch-error.js";

/** @type {readonly NodeJS.Signals[]} */
const forwarded = ["SIGTERM", "SIGINT", "SIGHUP"];

const maxOutputChars = 64 * 1024; // the end of a log contains the reason of a failure

const killDelayMs = 3_000; // npm ignores signals while it installs

/**
 * @typedef {object} ChildResult
 * @property {number} code the exit code, or 128 + n if signal n ended the child
 * @property {NodeJS.Signals | undefined} interrupted the signal that this process received during the run, if any
 * @property {string} output the end of the output of the child, if it is captured
 */

/**
 * Runs a command to its end. Each signal that this process receives during the run is forwarded once, and ends this
 * process only through the child. A child whose output is captured is killed with its descendants if it does not end
 * within 3 seconds of a signal.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ stdio: "inherit" | "capture", cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean,
 *   timeout?: number }} options `timeout` in milliseconds
 * @returns {Promise<ChildResult>} rejects with a {@link LaunchError} if the command cannot be started
 */
export function runChild(command, args, { stdio, ...options }) {
  return new Promise((resolve, reject) => {
    // The leader of a process group can be killed with its descendants, which keep the pipes of its output open.
    const isLeader = stdio === "capture" && process.platform !== "win32";
    const child = spawn(command, args, {
      ...options,
      detached: isLeader,
      stdio: stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    /** @type {NodeJS.Signals | undefined} */
    let interrupted;
    /** @type {NodeJS.Timeout | undefined} */
    let kill;
    let output = "";
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output = (output + chunk).slice(-maxOutputChars);
    };
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      interrupted = signal;
      send(child, signal, isLeader);
      if (isLeader) kill ??= setTimeout(() => send(child, "SIGKILL", isLeader), killDelayMs);
    };
    const stopForwarding = () => {
      clearTimeout(kill);
      for (const signal of forwarded) process.off(signal, forward);
    };
    for (const signal of forwarded) process.on(signal, forward);
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.once("error", (error) => {
      stopForwarding();
      reject(new LaunchError(`cannot run ${command}: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      stopForwarding();
      resolve({ code: code ?? exitCodeOf(signal), interrupted, output });
    });
  });
}

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal @param {boolean} isLeader */
function send(child, signal, isLeader) {
  if (!isLeader || child.pid === undefined) {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group has ended.
  }
}

/** The exit code by which shells report a signal. @param {NodeJS.Signals | null | undefined} signal */
export function exitCodeOf(signal) {
  return signal ? 128 + constants.signals[signal] : 1;
}
