import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Computes a hash of the names of files, and of their contents or sizes. Ignores tests, because they are not built.
 *
 * @param {string} root
 * @param {readonly string[]} paths files and folders, relative to the root; missing ones are ignored
 * @param {"contents" | "sizes"} of
 */
export function fingerprint(root, paths, of) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap((each) => filesOf(root, each))) {
    const full = join(root, path);
    const what = of === "sizes" ? String(statSync(full).size) : readFileSync(full);
    hash.update(`${path}\0${what.length}\0`).update(what);
  }
  return hash.digest("hex");
}

const testFile = /\.test\.[jt]sx?$/;

/** @param {string} root @param {string} path @returns {string[]} sorted */
function filesOf(root, path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return testFile.test(path) ? [] : [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesOf(root, `${path}/${name}`));
}
