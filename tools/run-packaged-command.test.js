import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { npmStartNodeFlags } from "../test/node-flags.ts";
import { runChild } from "./launch/run-child.js";
import { tempProject } from "./testing/temp-project.js";

/** In place of the built command: prints its arguments and its Node flags, and ends with exit code 3. */
const main = `
const { argv, execArgv } = process;
console.log(JSON.stringify({ args: argv.slice(2), flags: execArgv }));
process.exitCode = 3;
`;

/** An old Node, for the file that is loaded after it. */
const oldNode = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });`;

/** An installed package, next to the npm package `node` if its install script has run. @param {boolean} hasNode */
function installedPackage(hasNode) {
  const project = tempProject({
    "package.json": {},
    "old-node.cjs": oldNode,
    "node_modules/bourse/package.json": { type: "module" },
    "node_modules/bourse/dist/cli/main.js": main,
    "node_modules/node/package.json": { name: "node" },
  });
  const installed = join(project.root, "node_modules/bourse");
  cpSync("tools", join(installed, "tools"), { recursive: true });
  if (hasNode) {
    mkdirSync(join(project.root, "node_modules/node/bin"));
    symlinkSync(process.execPath, join(project.root, "node_modules/node/bin/node"));
  }
  return {
    /** Runs the command on this Node, or as on an old one. @param {"current" | "old"} node @param {string[]} args */
    async run(node, ...args) {
      const preload = node === "old" ? ["--require", join(project.root, "old-node.cjs")] : [];
      const file = join(installed, "tools/run-packaged-command.cjs");
      const { code, output } = await runChild(process.execPath, [...preload, file, ...args], { stdio: "capture" });
      return { code, output };
    },
    [Symbol.dispose]: () => project[Symbol.dispose](),
  };
}

test("a command gets its arguments, and its exit code is that of the program", async () => {
  using project = installedPackage(false);
  const { code, output } = await project.run("current", "watch", "ACME", "--json");
  expect(JSON.parse(output)).toMatchObject({ args: ["watch", "ACME", "--json"], flags: [] });
  expect(code).toBe(3);
});

test.each([true, false])(
  "the server runs with the Node flags of npm start (package `node` installed: %s)",
  async (has) => {
    using project = installedPackage(has);
    const { code, output } = await project.run("current", "serve", "--port", "0");
    expect(JSON.parse(output)).toMatchObject({ args: ["serve", "--port", "0"], flags: npmStartNodeFlags });
    expect(code).toBe(3);
  },
);

test("on an old Node the command runs on the Node of the package `node`", async () => {
  using project = installedPackage(true);
  const { code, output } = await project.run("old", "watch");
  expect(JSON.parse(output)).toMatchObject({ args: ["watch"], flags: [] });
  expect(code).toBe(3);
});

test("on an old Node without the package `node` the error names the version and the remedies", async () => {
  using project = installedPackage(false);
  const { code, output } = await project.run("old", "watch");
  expect(code).toBe(1);
  expect(output).toContain("Node 20.1.0 is too old");
  expect(output).toContain("install Node 24 or newer from https://nodejs.org, or allow the script");
});
