import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile } from "./packages/compile.js";
import { partPackages } from "./packages/part-packages.js";

/**
 * Builds the JavaScript of the package `bourse` in `dist/`: the server and the command, in the folders of their sources,
 * with the files that they read. The dashboard is in `dist/web` already.
 */
const folder = "dist";

/** The files that are read at run time. */
const assets = ["gen/descriptors.binpb", ...globSync("server/**/*.csv")];

for (const each of ["server", "client", "cli", "gen"]) rmSync(join(folder, each), { recursive: true, force: true });
await compile("tsconfig.build.json", folder);
// The files of these parts replace those of the server: they have declarations, and run on older versions of Node.
for (const part of Object.values(partPackages)) await compile(`${part.folder}/tsconfig.build.json`, folder);
for (const path of assets) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  copyFileSync(path, join(folder, path));
}
// The files read their version one folder above, as the sources do.
const { name, version, type } = JSON.parse(readFileSync("package.json", "utf8"));
writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name, version, type }, null, 2)}\n`);
