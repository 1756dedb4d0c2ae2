#!/usr/bin/env node
/* The command `bourse` of the installed package: runs dist/cli/main.js on the Node of the npm package `node`, on which
 * Bourse depends, or on this one if it is new enough.
 *
 * This file uses the syntax of Node 14.18, so that an old version prints a message and not a syntax error.
 */
"use strict";

const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { pathToFileURL } = require("node:url");

/** The first version of Node that has the syntax and the modules that the built files use. */
const oldest = 24;

/** The Node flags (V8 options) of the server, the same as those of `npm start`. A running Node does not take them. */
const serverFlags = ["--max-semi-space-size=8"];

const main = join(__dirname, "../dist/cli/main.js");
const args = process.argv.slice(2);

void run(parseInt(process.versions.node, 10) >= oldest);

/** @param {boolean} isNewEnough whether this Node can run the command */
async function run(isNewEnough) {
  if (isNewEnough && args[0] !== "serve") {
    process.argv[1] = main;
    await import(pathToFileURL(main).href);
    return;
  }
  const node = findPackagedNode() || (isNewEnough ? process.execPath : undefined);
  if (node === undefined) {
    console.error(
      `bourse: Node ${process.versions.node} is too old, and the install script of the npm package "node", which ` +
        `installs a newer one, did not run: install Node ${oldest} or newer from https://nodejs.org, or allow the ` +
        "script and install bourse again",
    );
    process.exitCode = 1;
    return;
  }
  const { runChild } = await import("./launch/run-child.js");
  const flags = args[0] === "serve" ? serverFlags : [];
  const { code } = await runChild(node, [...flags, main, ...args], { stdio: "inherit" });
  process.exitCode = code;
}

/** Returns the path of the Node that the npm package `node` has installed. Undefined if its install script did not run. */
function findPackagedNode() {
  try {
    const folder = dirname(require.resolve("node/package.json"));
    const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(binary) ? binary : undefined;
  } catch (_) {
    return undefined;
  }
}
