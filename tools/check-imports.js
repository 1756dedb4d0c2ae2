import { importViolations } from "./imports/import-violations.js";
import { readSourceFiles } from "./imports/source-files.js";

/** Checks the import boundaries, import cycles and unused files of the project. Prints each violation. */
const violations = importViolations(readSourceFiles("."));
for (const violation of violations) console.error(violation);
if (violations.length > 0) process.exitCode = 1;
