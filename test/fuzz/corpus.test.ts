import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readInputs, storedCorpus } from "./engine/corpus.ts";
import type { FuzzTarget } from "./engine/fuzz-target.ts";
import { targetNames } from "./targets/target-names.ts";

/** The limit for the corpus in the repository. */
const maxCorpusBytes = 200 * 1024;

/** A timeout of seconds for a busy machine. Each input takes about a millisecond. */
const timeout = 60_000;

describe.each(targetNames)("the corpus of %s", (name) => {
  const inputs = readInputs(join(storedCorpus, name));

  test("violates no invariant", { timeout }, async () => {
    const { target } = (await import(new URL(`./targets/${name}.ts`, import.meta.url).href)) as { target: FuzzTarget };
    expect(inputs.size).toBeGreaterThan(0);
    for (const input of [Buffer.alloc(0), ...target.seeds]) await target.run(Buffer.from(input));
    for (const [file, input] of inputs) {
      await expect((async () => target.run(input))(), file).resolves.toBeUndefined();
    }
  });
});

test("the corpus has exactly one folder for each target, and is small", () => {
  expect(readdirSync(storedCorpus).sort()).toEqual([...targetNames].sort());
  const files = readdirSync(storedCorpus, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  expect(bytes).toBeLessThan(maxCorpusBytes);
});

test("targetNames lists each file of targets/", () => {
  const files = readdirSync(new URL("./targets/", import.meta.url)).map((file) => file.replace(/\.ts$/, ""));
  expect(files.filter((file) => file !== "target-names").sort()).toEqual([...targetNames].sort());
});
