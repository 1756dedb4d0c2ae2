import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempProject } from "../testing/temp-project.js";
import { modulesAreStale } from "./modules-step.js";
import { nodeBinary } from "./node-binary.js";

const left = { version: "1.0.0", integrity: "sha512-left" };
const dependencies = { left: "1.0.0" };
const locked = { packages: { "": { dependencies }, "node_modules/left": left } };

function installedProject() {
  const project = tempProject({
    "package.json": { name: "p", dependencies },
    "package-lock.json": locked,
    "node_modules/.package-lock.json": { packages: { "node_modules/left": left } },
  });
  project.write(nodeBinary(""), "");
  return project;
}

test("the packages that npm recorded as installed are fresh, even after an install by hand", () => {
  using project = installedProject();
  expect(modulesAreStale(project.root)).toBe(false);
});

test.each(["node_modules", "node_modules/.package-lock.json", "node_modules/node"])(
  "modules are stale without %s, for example after an interrupted install",
  (path) => {
    using project = installedProject();
    rmSync(join(project.root, path), { recursive: true });
    expect(modulesAreStale(project.root)).toBe(true);
  },
);

test.each([
  ["a new version", { "node_modules/left": { ...left, version: "1.0.1" } }],
  ["other contents", { "node_modules/left": { ...left, integrity: "sha512-right" } }],
  ["one more package", { "node_modules/left": left, "node_modules/right": left }],
])("modules are stale when the lock file asks for %s", (_, packages) => {
  using project = installedProject();
  project.write("package-lock.json", { packages: { "": { dependencies }, ...packages } });
  expect(modulesAreStale(project.root)).toBe(true);
});

test("modules are stale if package.json requires a package that is not locked", () => {
  using project = installedProject();
  project.write("package.json", { name: "p", dependencies, devDependencies: { right: "1.0.0" } });
  expect(modulesAreStale(project.root)).toBe(true);
});

test("a script that is added to package.json makes nothing stale", () => {
  using project = installedProject();
  project.write("package.json", { name: "p", dependencies, scripts: { hello: "echo hello" } });
  expect(modulesAreStale(project.root)).toBe(false);
});

test("a missing package that is locked for other platforms does not make modules stale", () => {
  using project = installedProject();
  const packages = { ...locked.packages, "node_modules/left-win32": { version: "1.0.0", optional: true } };
  project.write("package-lock.json", { packages });
  expect(modulesAreStale(project.root)).toBe(false);
});

test("an incomplete lock file is stale", () => {
  using project = installedProject();
  project.write("node_modules/.package-lock.json", '{"packages": {');
  expect(modulesAreStale(project.root)).toBe(true);
});
