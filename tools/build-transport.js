import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { runChild } from "./launch/run-child.js";
import { transportManifest } from "./transport-manifest.js";

/**
 * Builds the exports of `bourse/transport` into `dist/transport`. The result is JavaScript, because Node does not run
 * TypeScript in node_modules.
 *
 * The folder is also a separate package, for projects that do not want the dependencies of the whole server.
 */
const folder = "dist/transport";

rmSync(folder, { recursive: true, force: true });
const { code } = await runChild(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "-p", "server/transport/tsconfig.build.json"],
  { stdio: "inherit" },
);
process.exitCode = code;
if (code === 0) {
  const sources = globSync(`${folder}/**/*.{js,d.ts}`).map((path) => readFileSync(path, "utf8"));
  const manifest = transportManifest(JSON.parse(readFileSync("package.json", "utf8")), sources);
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync("server/transport/README.md", `${folder}/README.md`);
  copyFileSync("LICENSE", `${folder}/LICENSE`);
}
