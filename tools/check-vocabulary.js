import { globSync, readFileSync } from "node:fs";
import { findPhrases, splitIdentifiers } from "./vocabulary/find-phrases.js";

/**
 * Finds flagged phrases in code, protos, documents and file names, and prints the standard term for each. The arguments
 * select paths by prefix, for example `npm run check:vocabulary -- server/quote docs`.
 */
const patterns = ["**/*.{ts,tsx,js,cjs,css,html,proto,md,go,py,yaml,json}", ".ci/run"];
const excluded = [
  "**/node_modules",
  "gen",
  "dist",
  "data",
  "package-lock.json",
  "test/data",
  "test/fuzz/corpus",
  "test/interop/classic-protos", // copies of other projects' files
  "tools/vocabulary", // the phrases themselves
];
const chosen = process.argv.slice(2);
const paths = globSync(patterns, { exclude: excluded })
  .filter((path) => chosen.length === 0 || chosen.some((start) => path.startsWith(start)))
  .sort();

let count = 0;
for (const path of paths) {
  const inName = findPhrases(splitIdentifiers(path)).map((finding) => ({ ...finding, line: 0 }));
  for (const { line, found, standard } of [...inName, ...findPhrases(readFileSync(path, "utf8"))]) {
    count++;
    console.log(`${path}:${line || " file name"}: "${found}"; standard: ${standard}`);
  }
}
console.log(`${count} flagged phrases in ${paths.length} files`);
if (count > 0) process.exitCode = 1;
