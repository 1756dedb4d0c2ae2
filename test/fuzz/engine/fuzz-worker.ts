import { parentPort, workerData } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { type Finding, Fuzzer } from "./fuzzer.ts";
import { instrumentModules } from "./instrument-modules.ts";
import { Random } from "./random.ts";
import { type FuzzOrder, type FuzzResult, watchedHeaderBytes } from "./worker-messages.ts";

// Fuzzes one target in a separate thread, so that a hang or a full heap affects only this thread.

const shrinkMs = 3_000;

const order = workerData as FuzzOrder;
const coverage = new Coverage();
const literals = instrumentModules(coverage);
const { target } = (await import(order.module)) as { target: FuzzTarget };
const counts = new Int32Array(order.watched, 0, 2);
const watched = new Uint8Array(order.watched, watchedHeaderBytes);

const fuzzer = new Fuzzer({
  target,
  coverage,
  random: new Random(order.seed),
  dictionary: [...literals].flatMap(dictionaryEntries),
  onInput(input) {
    watched.set(input.subarray(0, watched.length));
    counts[1] = input.length;
    Atomics.add(counts, 0, 1);
  },
});

const start = performance.now();
let finding = await runAll([new Uint8Array(), ...target.seeds, ...order.inputs]);
finding ??= await fuzzer.fuzz(start + order.seconds * 1_000);
const ms = performance.now() - start;
const { runs } = fuzzer;
if (finding !== undefined) finding = await fuzzer.shrink(finding, performance.now() + shrinkMs);

parentPort?.postMessage({
  runs,
  ms,
  slowestMs: fuzzer.slowestMs,
  edges: fuzzer.edges,
  features: fuzzer.features,
  corpus: fuzzer.corpus,
  finding: finding && { input: finding.input, text: finding.error.stack ?? String(finding.error) },
} satisfies FuzzResult);

async function runAll(inputs: readonly Uint8Array[]): Promise<Finding | undefined> {
  for (const input of inputs) {
    const found = await fuzzer.run(input);
    if (found !== undefined) return found;
  }
  return undefined;
}

function dictionaryEntries(literal: string | number): Uint8Array[] {
  if (typeof literal === "string") return [Buffer.from(literal)];
  const entries: Uint8Array[] = [Buffer.from(String(literal))];
  for (const size of [1, 2, 4]) {
    if (literal < 0 || literal >= 256 ** size) continue;
    const bytes = Buffer.alloc(size);
    bytes.writeUIntBE(literal, 0, size);
    entries.push(bytes);
  }
  return entries;
}
