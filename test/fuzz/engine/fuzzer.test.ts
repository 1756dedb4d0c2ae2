import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import { Coverage } from "./coverage.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { Fuzzer } from "./fuzzer.ts";
import { instrument } from "./instrument.ts";
import { Random } from "./random.ts";

/** Ten times the duration on an idle machine. */
const searchMs = 30_000;

// The probability that random bytes find it is 2 ** -72.
const source = `
function run(input: Buffer): void {
  if (input.length < 9 || input.length > 40) return;
  if (input[0] === 0x46) if (input[1] === 0x75) {
    if (input.subarray(2, 6).toString("latin1") === "zz!?") {
      let ones = 0;
      for (const byte of input.subarray(6)) if (byte === 1) ones++;
      if (ones > 2) throw new RangeError("found");
    }
  }
}
`;

function fuzzerOf(seed: number): Fuzzer {
  const coverage = new Coverage();
  const { code } = instrument(source, "target.ts", coverage.reserve(100));
  coverage.install();
  const run = new Function(`${stripTypeScriptTypes(code)}; return run`)() as FuzzTarget["run"];
  const target = { seeds: [], maxBytes: 64, run };
  return new Fuzzer({ target, coverage, random: new Random(seed), dictionary: [], onInput: () => {} });
}

test("a fuzzer solves comparisons and counts, and minimizes its finding", {
  timeout: 2 * searchMs,
}, async () => {
  const fuzzer = fuzzerOf(1);
  expect(await fuzzer.run(new Uint8Array())).toBeUndefined();
  const finding = await fuzzer.fuzz(performance.now() + searchMs);
  expect(finding?.error).toBeInstanceOf(RangeError);
  if (finding === undefined) return;
  const { input, error } = await fuzzer.shrink(finding, performance.now() + searchMs);
  expect(error.message).toBe("found");
  expect(Buffer.from(input).toString("latin1")).toBe("Fuzz!?\x01\x01\x01");
});

test("the corpus reaches the whole coverage, and each input reaches a branch that no other input reaches", async () => {
  const fuzzer = fuzzerOf(1);
  await fuzzer.fuzz(performance.now() + 50);
  const again = fuzzerOf(1);
  for (const input of fuzzer.corpus) await again.run(input);
  expect(again.edges).toBe(fuzzer.edges);
  expect(again.features).toBe(fuzzer.features);
});
