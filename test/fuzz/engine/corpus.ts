import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inputName } from "./fuzzer.ts";

/** The corpus in the repository, with a folder for each target and a file for each input. */
export const storedCorpus = fileURLToPath(new URL("../corpus/", import.meta.url));

/** The inputs and the findings of earlier runs on this machine. */
export const fuzzOutput = fileURLToPath(new URL("../../../dist/fuzz/", import.meta.url));

/** Returns the inputs in a folder, sorted by name. Returns none if the folder does not exist. */
export function readInputs(folder: string): Map<string, Buffer> {
  try {
    const names = readdirSync(folder).sort();
    return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
}

/** Writes an input to a file that is named after its hash. Returns the path. */
export function writeInput(folder: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, inputName(input));
  writeFileSync(path, input);
  return path;
}

/** Stores these inputs in a folder, and deletes all others except findings (`found-…`). */
export function replaceInputs(folder: string, inputs: readonly Uint8Array[]): void {
  for (const name of readInputs(folder).keys()) if (!name.startsWith("found-")) rmSync(join(folder, name));
  for (const input of inputs) writeInput(folder, input);
}
