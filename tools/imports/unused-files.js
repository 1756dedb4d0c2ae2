import { isTestCode } from "./source-files.js";

const productionFile = /(?<!\.d)\.(ts|tsx|js|cjs)$/;

/** Files that a tool finds by their name. */
const configFile = /^[^/]+\.config\.ts$/;

/** The examples, which a user runs. */
const example = /^scripts\/[^/]+\.ts$/;

/**
 * Finds the production files that no program imports: dead code, and test doubles with a production name.
 *
 * A program is a file that package.json names in a script, a binary or an export, that an HTML page loads, or an example
 * in scripts/.
 *
 * @param {ReadonlyMap<string, string>} files texts by path
 * @param {readonly import("./import-graph.js").Import[]} imports
 * @returns {string[]} sorted paths
 */
export function unusedFiles(files, imports) {
  const production = [...files.keys()].filter((path) => productionFile.test(path) && !isTestCode(path));
  const targets = Map.groupBy(imports, ({ from }) => from);
  const reached = new Set();
  /** @param {string} file */
  const reach = (file) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { to } of targets.get(file) ?? []) reach(to);
  };
  for (const program of programs(files)) reach(program);
  return production.filter((path) => !reached.has(path) && !configFile.test(path));
}

/** @param {ReadonlyMap<string, string>} files @returns {string[]} */
function programs(files) {
  const { scripts = {}, bin = {}, exports = {} } = JSON.parse(files.get("package.json") ?? "{}");
  const named = [...Object.values(scripts), ...Object.values(bin), ...targetsOf(exports)]
    .join(" ")
    .replaceAll("./dist/", "");
  const pages = [...files].filter(([path]) => path.endsWith(".html"));
  return [
    ...[...files.keys()].filter((path) => example.test(path) && !isTestCode(path)),
    ...[...named.matchAll(/[\w./-]+\.(?:ts|js|cjs)\b/g)].map(([path]) => path.replace(/^\.\//, "")),
    ...pages.flatMap(([page, text]) =>
      [...text.matchAll(/<script[^>]* src="\/([^"]+)"/g)].map(([, path]) => page.replace(/[^/]*$/, path ?? "")),
    ),
  ].map((path) => (files.has(path) ? path : path.replace(/\.js$/, ".ts")));
}

/** @param {object} exports @returns {string[]} */
function targetsOf(exports) {
  return Object.values(exports).flatMap((target) => (typeof target === "string" ? target : targetsOf(target)));
}
