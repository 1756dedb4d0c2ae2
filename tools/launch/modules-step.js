import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { LaunchError } from "./launch-error.js";
import { nodeBinary } from "./node-binary.js";
import { npmCommand } from "./npm-command.js";
import { runStepCommand } from "./run-step-command.js";

/** Installs `node_modules`. @param {string} root @returns {import("./bring-up-to-date.js").Step} */
export function modulesStep(root) {
  return {
    progress: "installing dependencies (npm ci)",
    isStale: () => modulesAreStale(root),
    run: async () => {
      await runStepCommand(root, npmCommand(root, ["ci", "--include=dev"]));
      if (!existsSync(nodeBinary(root))) {
        throw new LaunchError(
          "npm installed no Node, because it did not run the install script of the package `node`: " +
            "set `ignore-scripts` of npm to false (`npm config get ignore-scripts` shows it) and delete node_modules",
        );
      }
    },
  };
}

/**
 * Whether `node_modules` differs from package-lock.json.
 *
 * npm records the installed packages in `node_modules/.package-lock.json` as its last step. An install that failed or
 * was interrupted leaves no such file. An install by hand is detected.
 *
 * @param {string} root
 */
export function modulesAreStale(root) {
  const manifest = readJson(join(root, "package.json"));
  const wanted = readJson(join(root, "package-lock.json"));
  const installed = readJson(join(root, "node_modules", ".package-lock.json"));
  if (!installed?.packages || !existsSync(nodeBinary(root))) return true;
  const { "": project, ...packages } = wanted?.packages ?? {};
  return !sameDependencies(manifest, project) || !Object.entries(packages).every(isInstalled);

  /** @param {[string, LockedPackage]} entry */
  function isInstalled([path, entry]) {
    const found = installed?.packages?.[path];
    // The lock file contains packages of other platforms, which are not installed.
    if (!found) return Boolean(entry.optional || entry.devOptional || entry.peer);
    return found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link;
  }
}

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean,
 *   peer?: boolean }} LockedPackage
 * @typedef {Partial<Record<"dependencies" | "devDependencies", Record<string, string>>>} Dependencies
 * @typedef {Dependencies & { packages?: Record<string, LockedPackage & Dependencies> }} PackageFile
 */

/** @param {Dependencies | undefined} one @param {Dependencies | undefined} other */
function sameDependencies(one, other) {
  return (
    isDeepStrictEqual(one?.dependencies ?? {}, other?.dependencies ?? {}) &&
    isDeepStrictEqual(one?.devDependencies ?? {}, other?.devDependencies ?? {})
  );
}

/** @param {string} path @returns {PackageFile | undefined} undefined if the file is missing or incomplete */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
