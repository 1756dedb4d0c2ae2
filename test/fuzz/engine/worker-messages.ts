/** What a fuzzing worker is to do. */
export interface FuzzOrder {
  /** The URL of the module that exports the `target`. */
  readonly module: string;
  readonly seed: number;
  readonly seconds: number;
  /** Inputs that are run first. */
  readonly inputs: readonly Uint8Array[];
  /**
   * For the main thread: the first 32-bit number counts the inputs, the second is the length of the one that is being
   * run, whose bytes follow.
   */
  readonly watched: SharedArrayBuffer;
}

/** What a fuzzing worker reports at its end. */
export interface FuzzResult {
  readonly runs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly edges: number;
  readonly features: number;
  readonly corpus: readonly Uint8Array[];
  readonly finding: { readonly input: Uint8Array; readonly text: string } | undefined;
}

/** What precedes the input in {@link FuzzOrder.watched}. */
export const watchedHeaderBytes = 8;
