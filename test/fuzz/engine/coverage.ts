/** What was compared for equality and was not equal: the one may become the other in the next input. */
export type Compared = readonly [string, string] | readonly [number, number];

/** All edges of the instrumented modules; more would be dropped. */
const maxEdges = 1 << 17;

/** The last comparisons of an execution that are kept. */
const maxCompared = 64;

/** Texts that are longer are not looked for in inputs. */
const maxComparedChars = 64;

/** From how many executions of an edge on it counts as something else, as AFL and libFuzzer have it. */
const bucketStarts = [1, 2, 3, 4, 8, 16, 32, 128];

const bucketOf = Uint8Array.from({ length: 256 }, (_, count) => bucketStarts.findLastIndex((start) => count >= start));

/** The counters of instrumented modules: which edges an execution went through, and about how often. */
export class Coverage {
  readonly #counters = new Uint8Array(maxEdges);
  readonly #counters32 = new Uint32Array(this.#counters.buffer);
  #edges = 0;
  #compared: Compared[] = [];
  #comparedCount = 0;

  /** Provides the globals that instrumented modules use. */
  install(): void {
    Object.assign(globalThis, { $c: this.#counters, $q: this.#probe });
  }

  /** Allocates edges of a module; returns the number of the first. Throws if there are too many. */
  reserve(edges: number): number {
    const first = this.#edges;
    if (first + edges > maxEdges) throw new RangeError(`more than ${maxEdges} edges`);
    this.#edges += edges;
    return first;
  }

  get nextEdge(): number {
    return this.#edges;
  }

  /** Begins an execution. */
  reset(): void {
    this.#counters.fill(0, 0, this.#edges);
    this.#comparedCount = 0;
  }

  /** What was compared in the execution and differed; the last {@link maxCompared} of it. */
  get compared(): readonly Compared[] {
    return this.#compared.slice(0, Math.min(this.#comparedCount, maxCompared));
  }

  /** Calls `see` with each feature of the execution: an edge, and about how often it was gone through. */
  features(see: (feature: number) => void): void {
    const count32 = Math.ceil(this.#edges / 4);
    for (let word = 0; word < count32; word++) {
      if (this.#counters32[word] === 0) continue;
      for (let edge = word * 4; edge < word * 4 + 4; edge++) {
        const count = this.#counters[edge] ?? 0;
        if (count > 0) see(edge * bucketStarts.length + (bucketOf[count] ?? 0));
      }
    }
  }

  readonly #probe = (a: unknown, b: unknown): boolean => {
    if (a === b) return true;
    const isText = typeof a === "string" && typeof b === "string" && a.length + b.length <= maxComparedChars;
    if (isText || (typeof a === "number" && typeof b === "number")) {
      this.#compared[this.#comparedCount++ % maxCompared] = [a, b] as Compared;
    }
    return false;
  };
}

/** The edge of a feature. */
export function edgeOf(feature: number): number {
  return Math.floor(feature / bucketStarts.length);
}
