import { posix } from "node:path";
import { parseSync } from "vite";

/**
 * @typedef {object} Import one import, re-export, dynamic import, `require` or `new URL(…, import.meta.url)` of a source file
 * @property {string} from the path of the importing file
 * @property {string} to the path of the imported file, relative to the root; of a package, its specifier
 * @property {string} specifier as written
 * @property {number} line counted from 1
 * @property {readonly string[]} names the imported names; empty for a dynamic import, a namespace or a whole module
 */

const sourceFile = /\.(ts|tsx|js|cjs)$/;

/** Files of threads, and what CommonJS requires. */
const otherImport = /new URL\("(\.[^"]+\.(?:ts|js))", import\.meta\.url\)|\brequire\("(\.[^"]+)"\)/g;

/**
 * Lists the imports of all source files, those of types included.
 *
 * @param {ReadonlyMap<string, string>} files texts by path
 * @returns {Import[]}
 * @throws {Error} if a file cannot be parsed
 */
export function importGraph(files) {
  return [...files].flatMap(([path, text]) => (sourceFile.test(path) ? importsOf(path, text) : []));
}

/** @param {string} path @param {string} text @returns {Import[]} */
function importsOf(path, text) {
  const { module, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path} cannot be parsed: ${errors[0].message}`);
  const found = [
    ...module.staticImports.map(({ moduleRequest, entries, start }) => ({
      specifier: moduleRequest.value,
      start,
      names: entries.flatMap(({ importName }) => importName.name ?? []),
    })),
    ...module.staticExports.flatMap(({ entries, start }) =>
      entries.flatMap(({ moduleRequest, importName }) =>
        moduleRequest === null ? [] : { specifier: moduleRequest.value, start, names: [importName.name ?? []].flat() },
      ),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest, start }) => {
      const literal = /^["']([^"']+)["']$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
      return literal?.[1] === undefined ? [] : { specifier: literal[1], start, names: [] };
    }),
    ...[...text.matchAll(otherImport)].map((match) => ({
      specifier: match[1] ?? match[2] ?? "",
      start: match.index,
      names: [],
    })),
  ];
  return found.map(({ specifier, start, names }) => ({
    from: path,
    to: specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier,
    specifier,
    line: text.slice(0, start).split("\n").length,
    names,
  }));
}
