import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { fuzzOutput, readInputs, replaceInputs, storedCorpus, writeInput } from "./engine/corpus.ts";
import { type FuzzOrder, type FuzzResult, watchedHeaderBytes } from "./engine/worker-messages.ts";
import { type TargetName, targetNames } from "./targets/target-names.ts";

// Fuzzes the decoders of client input one after another, guided by branch coverage.

const usage = `npm run test:fuzz -- [--seconds N] [--seed N] [--store] [TARGET…]

  --seconds N   the duration for each target; default: BOURSE_FUZZ_SECONDS, or 12
  --seed N      the seed of the mutations; default: random
  --store       replace the corpus in the repository with the inputs that reach the most
  TARGET        ${targetNames.join(", ")}; default: all
`;

const defaultSeconds = 12;

/** An input that runs longer is a hang, which the fuzzer in the worker cannot detect. */
const hangMs = 20_000;

/** The heap limit of a target. Inputs are small, so a decoder does not need more. */
const maxHeapMb = 512;

/** The limit of the memory of this process, with the heap and the buffers of the worker. */
const maxRssBytes = 2 * 1024 ** 3;

const watchMs = 500;
const maxWatchedBytes = 1024 * 1024;

/** The maximum number of inputs of a target in the repository, and their maximum total size in bytes. */
const maxStoredInputs = 80;
const maxStoredBytes = 12 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string" },
    seed: { type: "string" },
    store: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** The report for a worker that was terminated. */
const unknown = { slowestMs: 0, edges: 0, features: 0, corpus: [] };

process.exitCode = values.help ? help() : await main();

function help(): number {
  process.stdout.write(usage);
  return 0;
}

async function main(): Promise<number> {
  const seconds = Number(values.seconds ?? process.env.BOURSE_FUZZ_SECONDS ?? defaultSeconds);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const unknown = positionals.filter((name) => !targetNames.some((each) => each === name));
  if (unknown.length > 0 || !(seconds >= 0) || !Number.isInteger(seed)) {
    process.stderr.write(`${unknown.length > 0 ? `unknown target ${unknown.join(", ")}\n` : ""}${usage}`);
    return 2;
  }
  const names = targetNames.filter((name) => positionals.length === 0 || positionals.includes(name));
  console.log(`fuzzing ${names.length} targets for ${seconds} s each, seed ${seed}`);
  let failed = 0;
  for (const name of names) {
    const known = [
      ...readInputs(join(storedCorpus, name)).values(),
      ...readInputs(join(fuzzOutput, "corpus", name)).values(),
    ];
    const outcome = await fuzz(name, { seed, seconds, inputs: known });
    console.log(lineOf(name, outcome));
    if (outcome.finding === undefined) {
      for (const input of outcome.corpus) writeInput(join(fuzzOutput, "corpus", name), input);
      if (values.store) replaceInputs(join(storedCorpus, name), toBeStored(outcome.corpus));
    } else {
      failed++;
      report(name, outcome.finding);
    }
  }
  console.log(failed === 0 ? "no findings" : `${failed} targets with findings`);
  return failed === 0 ? 0 : 1;
}

async function fuzz(name: TargetName, order: Omit<FuzzOrder, "module" | "watched">): Promise<FuzzResult> {
  const watched = new SharedArrayBuffer(watchedHeaderBytes + maxWatchedBytes);
  const counts = new Int32Array(watched, 0, 2);
  const module = new URL(`./targets/${name}.ts`, import.meta.url).href;
  const worker = new Worker(new URL("./engine/fuzz-worker.ts", import.meta.url), {
    workerData: { ...order, module, watched } satisfies FuzzOrder,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  const { promise, resolve } = Promise.withResolvers<FuzzResult>();
  const start = performance.now();
  const endWith = (text: string) => {
    const bytes = new Uint8Array(watched, watchedHeaderBytes, Math.min(counts[1] ?? 0, maxWatchedBytes));
    const finding = { input: Uint8Array.from(bytes), text };
    resolve({ ...unknown, runs: counts[0] ?? 0, ms: performance.now() - start, finding });
    void worker.terminate();
  };
  let seen = -1;
  let changedAt = performance.now();
  const timer = setInterval(() => {
    const count = Atomics.load(counts, 0);
    if (count !== seen) [seen, changedAt] = [count, performance.now()];
    if (seen > 0 && performance.now() - changedAt > hangMs) endWith(`an input runs for more than ${hangMs} ms`);
    const { rss } = process.memoryUsage();
    if (rss > maxRssBytes) endWith(`the process uses ${rss} bytes; the limit is ${maxRssBytes} bytes`);
  }, watchMs);
  worker.once("message", resolve);
  worker.once("error", (error) => endWith(`the thread has ended: ${error instanceof Error ? error.stack : error}`));
  worker.once("exit", (code) => endWith(`the thread has ended with code ${code}`));
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

function lineOf(name: string, { runs, ms, slowestMs, edges, features, corpus, finding }: FuzzResult): string {
  const rate = Math.round(runs / (ms / 1_000)).toLocaleString("en");
  const reached = `${edges.toLocaleString("en")} branches, ${features.toLocaleString("en")} features`;
  const kept = `${corpus.length} inputs of ${corpus.reduce((sum, { length }) => sum + length, 0)} bytes`;
  const figures = `${runs.toLocaleString("en")} runs, ${rate}/s, ${reached}, ${kept}, slowest ${slowestMs.toFixed(1)} ms`;
  return `${finding === undefined ? "ok     " : "FINDING"} ${name}: ${figures}`;
}

function report(name: string, { input, text }: NonNullable<FuzzResult["finding"]>): void {
  const path = writeInput(join(fuzzOutput, "findings", name), input);
  const bytes = Buffer.from(input);
  console.log(`${text}\n  input of ${bytes.length} bytes, in ${path}`);
  console.log(`  as text ${JSON.stringify(bytes.subarray(0, 500).toString("latin1"))}`);
  console.log(`  as base64 ${bytes.subarray(0, 500).toString("base64")}`);
  console.log(`  to keep it as a test: cp ${path} test/fuzz/corpus/${name}/found-NAME`);
}

/** Returns the first inputs, up to the limits of number and size. */
function toBeStored(corpus: readonly Uint8Array[]): Uint8Array[] {
  let bytes = 0;
  return corpus.slice(0, maxStoredInputs).filter((input) => {
    bytes += input.length;
    return bytes <= maxStoredBytes;
  });
}
