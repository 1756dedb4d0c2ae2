/** Two compared values that differ. A mutation can replace one with the other. */
export type Compared = readonly [string, string] | readonly [number, number];

/** The maximum number of edges of all instrumented modules. */
const maxEdges = 1 << 17;

/** The number of comparisons of an execution that are kept. Later ones replace earlier ones. */
const maxCompared = 64;

/** Longer strings are not recorded. */
const maxComparedChars = 64;

/** The lower bounds of the hit count buckets, as in AFL and libFuzzer. */
const bucketStarts = [1, 2, 3, 4, 8, 16, 32, 128];

const bucketOf = Uint8Array.from({ length: 256 }, (_, count) => bucketStarts.findLastIndex((start) => count >= start));

/** Counts the executions of each edge of the instrumented modules. */
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

  /** Allocates the edges of a module, and returns the number of the first. Throws a RangeError above the maximum. */
  reserve(edges: number): number {
    const first = this.#edges;
    if (first + edges > maxEdges) throw new RangeError(`more than ${maxEdges} edges`);
    this.#edges += edges;
    return first;
  }

  get nextEdge(): number {
    return this.#edges;
  }

  /** Starts an execution. */
  reset(): void {
    this.#counters.fill(0, 0, this.#edges);
    this.#comparedCount = 0;
  }

  /** The last {@link maxCompared} comparisons of the execution whose values differ. */
  get compared(): readonly Compared[] {
    return this.#compared.slice(0, Math.min(this.#comparedCount, maxCompared));
  }

  /** Calls `see` with each feature of the execution: an edge with the bucket of its hit count. */
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

/** Returns the edge of a feature. */
export function edgeOf(feature: number): number {
  return Math.floor(feature / bucketStarts.length);
}
