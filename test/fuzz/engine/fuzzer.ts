import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Compared, type Coverage, edgeOf } from "./coverage.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

/** An execution that repeatedly takes longer is a finding, because linear algorithms are fast on such inputs. */
const maxInputMs = 1_000;

/** The number of inputs after which the fuzzer yields to the event loop, because finalizers and timers need it. */
const runsPerTurn = 1_024;

/** The number of repetitions that confirm a slow or failed execution. */
const confirmations = 2;

/** An input that reached new coverage. */
interface Entry {
  readonly input: Uint8Array;
  readonly features: readonly number[];
  readonly compared: readonly Compared[];
  /** The number of features of which this is the shortest input. An entry without features is dropped. */
  owned: number;
}

/** An input that violates an invariant, and the error. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: Error;
}

export interface FuzzerOptions {
  readonly target: FuzzTarget;
  readonly coverage: Coverage;
  readonly random: Random;
  readonly dictionary: readonly Uint8Array[];
  /** Receives each input before it runs, so that the input of a crash is known. */
  readonly onInput: (input: Uint8Array) => void;
}

/** Runs a target on mutated inputs. Keeps the inputs that reach a new feature, or a known feature with fewer bytes. */
export class Fuzzer {
  runs = 0;
  slowestMs = 0;
  readonly #options: FuzzerOptions;
  readonly #owners = new Map<number, Entry>();
  #entries: Entry[] = [];

  constructor(options: FuzzerOptions) {
    this.#options = options;
  }

  /** The kept inputs, in the order of a greedy set cover: each adds the most features to the previous ones. */
  get corpus(): readonly Uint8Array[] {
    const ordered: Uint8Array[] = [];
    const reached = new Set<number>();
    const left = new Set(this.#entries);
    const gainOf = ({ features }: Entry) => features.reduce((gain, each) => gain + Number(!reached.has(each)), 0);
    while (left.size > 0) {
      const best = [...left].map((entry) => [entry, gainOf(entry)] as const).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
      for (const feature of best.features) reached.add(feature);
      left.delete(best);
      ordered.push(best.input);
    }
    return ordered;
  }

  /** The number of reached branches. */
  get edges(): number {
    return new Set(this.#owners.keys().map(edgeOf)).size;
  }

  get features(): number {
    return this.#owners.size;
  }

  /** Runs an input. Returns a finding if an invariant is violated. */
  async run(input: Uint8Array): Promise<Finding | undefined> {
    const finding = await this.#confirmed(input);
    if (finding === undefined) this.#keepIfNew(input);
    return finding;
  }

  /** Runs mutated inputs until `deadline`, in the time of performance.now(). Returns the first finding, if any. */
  async fuzz(deadline: number): Promise<Finding | undefined> {
    const { random, target, dictionary } = this.#options;
    while (performance.now() < deadline) {
      const { input, compared } = this.#choose();
      const sources = { other: this.#choose().input, dictionary, compared, maxBytes: target.maxBytes };
      const finding = await this.run(mutate(input, random, sources));
      if (finding !== undefined) return finding;
      if (this.runs % runsPerTurn === 0) await nextTurn();
    }
    return undefined;
  }

  /** Searches a shorter input with the same error until `deadline`. */
  async shrink({ input, error }: Finding, deadline: number): Promise<Finding> {
    let found: Finding = { input, error };
    for (let size = found.input.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < found.input.length && performance.now() < deadline; ) {
        const shorter = Buffer.concat([found.input.subarray(0, at), found.input.subarray(at + size)]);
        const again = await this.#failure(shorter);
        if (again !== undefined && kindOf(again) === kindOf(error)) found = { input: shorter, error: again };
        else at += size;
      }
    }
    return found;
  }

  /** Chooses an entry, with a preference for newer ones, which have had fewer mutations. */
  #choose(): Entry {
    const { random } = this.#options;
    const last = this.#entries.length - 1;
    if (last < 0) return { input: new Uint8Array(), features: [], compared: [], owned: 0 };
    const index = random.oneIn(2) ? random.below(last + 1) : last - random.below(Math.ceil((last + 1) / 8));
    return this.#entries[index] as Entry;
  }

  async #confirmed(input: Uint8Array): Promise<Finding | undefined> {
    for (let time = 0; ; time++) {
      const error = await this.#failure(input);
      if (error === undefined) return undefined;
      if (time === confirmations) return { input, error };
    }
  }

  async #failure(input: Uint8Array): Promise<Error | undefined> {
    const { target, coverage, onInput } = this.#options;
    onInput(input);
    this.runs++;
    coverage.reset();
    const start = performance.now();
    try {
      const running = target.run(Buffer.from(input));
      if (running !== undefined) await running;
    } catch (error) {
      return error instanceof Error
        ? error
        : new Error(`the target threw a value that is not an Error: ${String(error)}`);
    }
    const ms = performance.now() - start;
    if (ms > maxInputMs) return new SlowInputError(`the input took ${ms.toFixed(0)} ms; the limit is ${maxInputMs} ms`);
    this.slowestMs = Math.max(this.slowestMs, ms);
    return undefined;
  }

  #keepIfNew(input: Uint8Array): void {
    const features: number[] = [];
    let gained = false;
    this.#options.coverage.features((feature) => {
      features.push(feature);
      const owner = this.#owners.get(feature);
      gained ||= owner === undefined || owner.input.length > input.length;
    });
    if (!gained) return;
    const entry: Entry = {
      input: Uint8Array.from(input),
      features,
      compared: this.#options.coverage.compared,
      owned: 0,
    };
    let dropped = false;
    for (const feature of features) {
      const owner = this.#owners.get(feature);
      if (owner !== undefined && owner.input.length <= input.length) continue;
      if (owner !== undefined && --owner.owned === 0) dropped = true;
      this.#owners.set(feature, entry);
      entry.owned++;
    }
    if (dropped) this.#entries = this.#entries.filter(({ owned }) => owned > 0);
    this.#entries.push(entry);
  }
}

/** The error of an input that exceeds {@link maxInputMs}. */
export class SlowInputError extends Error {
  override name = "SlowInputError";
}

/** Returns a short file name that depends only on the input. */
export function inputName(input: Uint8Array): string {
  return createHash("sha256").update(input).digest("hex").slice(0, 16);
}

/** Returns the kind of an error: its name and the line that threw it. */
function kindOf({ name, stack = "" }: Error): string {
  return `${name} ${stack.split("\n").find((line) => line.trimStart().startsWith("at ")) ?? ""}`;
}
