import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Coverage } from "./coverage.ts";
import { instrument } from "./instrument.ts";

/** The instrumented modules: the decoders of Bourse, and the libraries that they use. */
const instrumented =
  /^(server|client|cli|scripts)\/|^node_modules\/(@bufbuild\/protobuf|@connectrpc\/connect|csv-parse|content-disposition|commander|send|range-parser|fresh)\//;

/** The modules whose literals are in the dictionary. Inputs are not compared with the literals of other modules. */
const ours = /^(server|client|cli|scripts)\//;

const formats = new Set(["module", "module-typescript", "commonjs"]);

const root = new URL("../../../", import.meta.url).href;

/**
 * Instruments the modules that are imported from now on.
 *
 * @returns the string and integer literals of the modules that were imported so far
 */
export function instrumentModules(coverage: Coverage): ReadonlySet<string | number> {
  const literals = new Set<string | number>();
  coverage.install();
  registerHooks({
    load(url, context, nextLoad) {
      const path = url.startsWith(root) ? url.slice(root.length) : "";
      // The modules of a package without `type` are CommonJS.
      const format = context.format ?? "commonjs";
      if (!instrumented.test(path) || !formats.has(format)) return nextLoad(url, context);
      const file = fileURLToPath(url);
      const made = instrument(readFileSync(file, "utf8"), file, coverage.nextEdge);
      coverage.reserve(made.edges);
      if (ours.test(path)) for (const literal of made.literals) literals.add(literal);
      return { format, source: made.code, shortCircuit: true };
    },
  });
  return literals;
}
