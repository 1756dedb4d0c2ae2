import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const patterns = [
  "{server,client,scripts,cli,web,tools,test,bench}/**/*.{ts,tsx,js,cjs,html}",
  "*.config.ts",
  "package.json",
];
const ignored = ["**/node_modules", "test/data", "test/fuzz/corpus"];

/**
 * Reads the project's source files.
 *
 * @param {string} root the project's folder
 * @returns {Map<string, string>} the text of each file by its path relative to the root, with `/` as the separator
 */
export function readSourceFiles(root) {
  const paths = globSync(patterns, { cwd: root, exclude: ignored }).map((path) => path.replaceAll("\\", "/"));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** Whether a file is a test, or code for tests. @param {string} path */
export function isTestCode(path) {
  return /\.test\.[jt]sx?$|(^|\/)testing\//.test(path) || /^(test|bench)\//.test(path);
}
