/* Runs a file of this project: `node tools/launch.cjs NEEDS [FILE [ARGUMENT...]]`, see launcher.js.
 *
 * This file must parse on every version of Node, so that an old version prints a message and not a syntax error.
 */
"use strict";

var oldest = 20;

if (parseInt(process.versions.node, 10) < oldest) {
  console.error(
    "bourse: Node " +
      process.versions.node +
      " is too old: install Node " +
      oldest +
      " or newer from https://nodejs.org, or put it first on PATH",
  );
  process.exit(1);
}

require("./launch/import-launcher.cjs");
