import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Coverage } from "./coverage.ts";
import { instrument } from "./instrument.ts";

/** The instrumented modules: our decoders of input, and the libraries that they use. */
const instrumented =
  /^(server|client|scripts)\/|^node_modules\/(@bufbuild\/protobuf|@connectrpc\/connect|csv-parse|content-disposition|commander|send|range-parser|fresh)\//;

/** Literals of these make the dictionary: those of others are not what inputs are compared with. */
const ours = /^(server|client|scripts)\//;

const formats = new Set(["module", "module-typescript", "commonjs"]);

const root = new URL("../../../", import.meta.url).href;

/**
 * Instruments the modules that are imported from now on.
 *
 * @returns the texts and whole numbers in them, so far
 */
export function instrumentModules(coverage: Coverage): ReadonlySet<string | number> {
  const literals = new Set<string | number>();
  coverage.install();
  registerHooks({
    load(url, context, nextLoad) {
      const path = url.startsWith(root) ? url.slice(root.length) : "";
      // A package without a type has CommonJS modules.
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
