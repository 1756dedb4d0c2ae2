import { generatedInputs } from "./generated-step.js";
import { nodeBinary } from "./node-binary.js";
import { stampedStep } from "./stamped-step.js";

/** Builds the dashboard into `dist/web`. @param {string} root @returns {import("./bring-up-to-date.js").Step} */
export function dashboardStep(root) {
  return stampedStep({
    root,
    name: "dashboard",
    progress: "building the dashboard",
    inputs: ["web", "client", "vite.config.ts", "tsconfig.json", ...generatedInputs],
    outputs: ["dist/web"],
    commands: () => [
      { command: nodeBinary(root), args: ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"] },
    ],
  });
}
