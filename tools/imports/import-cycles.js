/**
 * Finds the import cycles, those of type-only imports included.
 *
 * @param {readonly import("./import-graph.js").Import[]} imports
 * @returns {string[][]} the files of each cycle in the order in which they import one another, each file in at most
 *   one cycle
 */
export function importCycles(imports) {
  const targets = Map.groupBy(imports, ({ from }) => from);
  /** @type {Set<string>} */
  const finished = new Set();
  /** @type {string[][]} */
  const cycles = [];

  /** @param {string} file @param {string[]} path the files from the start of the search to this one */
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push(path.slice(start));
    if (start >= 0 || finished.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    finished.add(file);
  };
  for (const file of targets.keys()) visit(file, []);

  /** @type {Set<string>} */
  const reported = new Set();
  return cycles.filter((cycle) => {
    if (cycle.some((file) => reported.has(file))) return false;
    for (const file of cycle) reported.add(file);
    return true;
  });
}
