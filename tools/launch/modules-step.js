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
    doing: "installing dependencies (npm ci)",
    isStale: () => modulesAreStale(root),
    run: async () => {
      await runStepCommand(root, npmCommand(root, ["ci", "--include=dev"]));
      if (!existsSync(nodeBinary(root))) {
        throw new LaunchError(
          "npm installed no Node, as it did not run the install script of the package `node`: " +
            "let it (`npm config get ignore-scripts` must say false) and delete node_modules",
        );
      }
    },
  };
}

/**
 * Whether `node_modules` is something else than package-lock.json asks for.
 *
 * npm itself records what it installed, last of all, in `node_modules/.package-lock.json`: an install that failed or
 * was interrupted leaves none, and one that was run by hand is seen.
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
    // What other platforms need is locked too, and left out here.
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

/** @param {string} path @returns {PackageFile | undefined} undefined where there is no such file, or half of one */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
