import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "./fingerprint.js";
import { runStepCommand } from "./run-step-command.js";

/**
 * A step that makes files from files. It is fresh while the contents of its inputs are those that its stamp names,
 * and its outputs are still there, each with the size it had.
 *
 * Stamps lie in `node_modules/.cache`, and go with it.
 *
 * @param {object} step
 * @param {string} step.root
 * @param {string} step.name
 * @param {string} step.doing
 * @param {readonly string[]} step.inputs files and folders, relative to the root
 * @param {readonly string[]} step.outputs likewise
 * @param {() => readonly { command: string, args: readonly string[] }[]} step.commands
 * @returns {import("./bring-up-to-date.js").Step}
 */
export function stampedStep({ root, name, doing, inputs, outputs, commands }) {
  const folder = join(root, "node_modules", ".cache", "bourse");
  const path = join(folder, `${name}.json`);
  const inputsNow = () => fingerprint(root, inputs, "contents");
  const outputsNow = () => fingerprint(root, outputs, "sizes");
  return {
    doing,
    isStale: () => {
      const stamp = readStamp(path);
      return stamp?.inputs !== inputsNow() || stamp?.outputs !== outputsNow();
    },
    run: async () => {
      const before = inputsNow(); // what is edited from here on is not in the outputs for sure
      for (const command of commands()) await runStepCommand(root, command);
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.tmp`, JSON.stringify({ inputs: before, outputs: outputsNow() }));
      renameSync(`${path}.tmp`, path);
    },
  };
}

/** @param {string} path @returns {{ inputs: string, outputs: string } | undefined} */
function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
