import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { compile } from "./packages/compile.js";
import { packageManifest } from "./packages/package-manifest.js";
import { partPackages } from "./packages/part-packages.js";

/** Builds a part of the project as a separate package in `dist/packages`. The argument is its name. */
const name = process.argv[2] ?? "";
const part = partPackages[name];
if (part === undefined) {
  throw new Error(`there is no package "${name}": use ${Object.keys(partPackages).join(" or ")}`);
}
const folder = `dist/packages/${name}`;

rmSync(folder, { recursive: true, force: true });
await compile(`${part.folder}/tsconfig.build.json`, folder);
const sources = globSync(`${folder}/**/*.{js,d.ts}`).map((path) => readFileSync(path, "utf8"));
const manifest = packageManifest(JSON.parse(readFileSync("package.json", "utf8")), part, sources);
writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(`${part.folder}/README.md`, `${folder}/README.md`);
copyFileSync("LICENSE", `${folder}/LICENSE`);
