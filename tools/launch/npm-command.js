import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join, sep } from "node:path";
import { LaunchError } from "./launch-error.js";

/**
 * Returns the command that runs npm on a Node outside `node_modules`: `npm ci` deletes the one inside while it runs.
 *
 * npm scripts put `node_modules/.bin` first on PATH, so this very process may run on the one inside.
 *
 * @param {string} root the project's folder
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [execPath] the Node that runs this
 * @returns {{ command: string, args: string[], env: NodeJS.ProcessEnv, shell?: boolean }}
 *   throws a {@link LaunchError} if there is no other Node, or no npm
 */
export function npmCommand(root, args, env = process.env, execPath = process.execPath) {
  const pathKey = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const folders = (env[pathKey] ?? "").split(delimiter).filter((folder) => folder !== "" && !isInside(root, folder));
  const nodeName = process.platform === "win32" ? "node.exe" : "node";
  const candidates = [env.npm_node_execpath, execPath, ...folders.map((folder) => join(folder, nodeName))];
  const node = candidates.find((path) => path !== undefined && existsSync(path) && !isInside(root, path));
  if (node === undefined) {
    throw new LaunchError(
      "no Node outside node_modules is on PATH, and the one inside cannot replace itself: " +
        "install Node 20 or newer, or put it on PATH",
    );
  }
  const cleanEnv = { ...env, [pathKey]: [dirname(node), ...folders].join(delimiter) };
  const npmScript = env.npm_execpath;
  if (npmScript !== undefined && basename(npmScript) === "npm-cli.js" && existsSync(npmScript)) {
    return { command: node, args: [npmScript, ...args], env: cleanEnv };
  }
  const npmName = process.platform === "win32" ? "npm.cmd" : "npm";
  if (![dirname(node), ...folders].some((folder) => existsSync(join(folder, npmName)))) {
    throw new LaunchError("npm is not on PATH; install it with Node 20 or newer from https://nodejs.org");
  }
  // A .cmd file requires a shell. The arguments contain no characters that a shell interprets.
  return { command: npmName, args: [...args], env: cleanEnv, shell: process.platform === "win32" };
}

/** Whether a path, or the target of its links, is in the project's node_modules. @param {string} root @param {string} path */
function isInside(root, path) {
  const modules = join(root, "node_modules") + sep;
  return [path, realPath(path)].some((each) => each.startsWith(modules) || each.startsWith(realPath(modules) + sep));
}

/** @param {string} path */
function realPath(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
