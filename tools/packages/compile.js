import { globSync, readFileSync, writeFileSync } from "node:fs";
import { runChild } from "../launch/run-child.js";

/** The file of a thread. TypeScript rewrites the extensions of imports only. */
const threadFile = /new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g;

/**
 * Compiles a TypeScript project to JavaScript, because Node does not run TypeScript in node_modules.
 *
 * @param {string} project the path of its tsconfig
 * @param {string} folder receives the files, in the folders of their sources
 * @throws {Error} if the compiler finds an error, which it has printed
 */
export async function compile(project, folder) {
  const args = ["node_modules/typescript/bin/tsc", "-p", project, "--outDir", folder];
  const { code } = await runChild(process.execPath, args, { stdio: "inherit" });
  if (code !== 0) throw new Error(`${project} was not compiled`);
  for (const path of globSync(`${folder}/**/*.js`)) {
    const text = readFileSync(path, "utf8");
    const rewritten = text.replaceAll(threadFile, 'new URL("$1.js", import.meta.url)');
    if (rewritten !== text) writeFileSync(path, rewritten);
  }
}
