import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "./fingerprint.js";
import { runStepCommand } from "./run-step-command.js";

/**
 * A step that builds files from files. It is fresh while its inputs have the contents that its stamp records,
 * and its outputs exist with the recorded sizes.
 *
 * Stamps are in `node_modules/.cache`. Without a stamp a step is stale.
 *
 * @param {object} step
 * @param {string} step.root
 * @param {string} step.name
 * @param {string} step.progress
 * @param {readonly string[]} step.inputs files and folders, relative to the root
 * @param {readonly string[]} step.outputs files and folders, relative to the root
 * @param {() => readonly { command: string, args: readonly string[] }[]} step.commands
 * @returns {import("./bring-up-to-date.js").Step}
 */
export function stampedStep({ root, name, progress, inputs, outputs, commands }) {
  const folder = join(root, "node_modules", ".cache", "bourse");
  const path = join(folder, `${name}.json`);
  const inputsNow = () => fingerprint(root, inputs, "contents");
  const outputsNow = () => fingerprint(root, outputs, "sizes");
  return {
    progress,
    isStale: () => {
      const stamp = readStamp(path);
      return stamp?.inputs !== inputsNow() || stamp?.outputs !== outputsNow();
    },
    run: async () => {
      const before = inputsNow(); // an edit from here on may be missing in the outputs
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
