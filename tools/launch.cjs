/* Runs a file of this project: `node tools/launch.cjs NEEDS [FILE [ARGUMENT...]]`, see launcher.js.
 *
 * This file alone must parse on any Node, however old, so that an old one gets a sentence and no syntax error.
 */
"use strict";

var oldest = 20;

if (parseInt(process.versions.node, 10) < oldest) {
  console.error(
    "bourse: this is Node " +
      process.versions.node +
      ", and Node " +
      oldest +
      " or newer is needed to start: " +
      "install one from https://nodejs.org, or put it first on PATH",
  );
  process.exit(1);
}

require("./launch/import-launcher.cjs");
