import { importCycles } from "./import-cycles.js";
import { importGraph } from "./import-graph.js";
import { importRules } from "./import-rules.js";
import { isTestCode } from "./source-files.js";
import { unusedFiles } from "./unused-files.js";

/**
 * Checks the imports of all source files against the rules of the architecture.
 *
 * @param {ReadonlyMap<string, string>} files texts by path
 * @returns {string[]} a message for each violation with the file, the import, the rule and the advice
 */
export function importViolations(files) {
  const imports = importGraph(files);
  const single = imports
    .filter(({ from }) => !isTestCode(from))
    .flatMap((each) =>
      importRules
        .filter(({ refuses }) => refuses(each))
        .map(({ name, advice }) => `${each.from}:${each.line} imports "${each.specifier}": ${name}; ${advice}`),
    );
  const cycles = importCycles(imports).map(
    (cycle) =>
      `${[...cycle, cycle[0]].join(" -> ")}: files import one another in a circle, types included; ` +
      "move what they share into a separate file",
  );
  const unused = unusedFiles(files, imports).map(
    (path) => `${path}: no program reaches this file; delete it, or move it into testing/ if tests need it`,
  );
  return [...single, ...cycles, ...unused];
}
