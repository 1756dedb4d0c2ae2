import { nodeBinary } from "./node-binary.js";
import { stampedStep } from "./stamped-step.js";

/** The inputs of the generated code. The lock file determines the plugins and the standard protos. */
export const generatedInputs = ["proto", "test/proto", "bench/proto", "buf.yaml", "buf.gen.yaml", "package-lock.json"];

/** Services of tests and of the bench, which reflection does not list. */
const notServed = ["test/proto/test", "bench/proto/bench"].flatMap((path) => ["--exclude-path", path]);

/** Generates `gen/` from the protos. @param {string} root @returns {import("./bring-up-to-date.js").Step} */
export function generatedStep(root) {
  const buf = "node_modules/@bufbuild/buf/bin/buf";
  const command = nodeBinary(root);
  return stampedStep({
    root,
    name: "generated",
    progress: "generating code from the protos",
    inputs: generatedInputs,
    outputs: ["gen"],
    commands: () => [
      { command, args: [buf, "generate"] },
      { command, args: [buf, "build", ...notServed, "--output", "gen/descriptors.binpb"] },
    ],
  });
}
