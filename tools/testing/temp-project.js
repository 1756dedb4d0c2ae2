import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Creates a temporary folder with files for tests. Disposing of it deletes it.
 *
 * @param {Record<string, string | object>} [files] contents by path; an object is written as JSON
 */
export function tempProject(files = {}) {
  const root = mkdtempSync(join(tmpdir(), "bourse-tools-"));
  const project = {
    root,
    /** @param {string} path @param {string | object} content */
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  for (const [path, content] of Object.entries(files)) project.write(path, content);
  return project;
}
