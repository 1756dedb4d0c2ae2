/** The task of a fuzzing worker. */
export interface FuzzOrder {
  /** The URL of the module that exports the `target`. */
  readonly module: string;
  readonly seed: number;
  readonly seconds: number;
  /** The inputs that run first. */
  readonly inputs: readonly Uint8Array[];
  /**
   * Shared with the main thread. The first 32-bit number counts the inputs. The second is the length of the current
   * input, whose bytes follow.
   */
  readonly watched: SharedArrayBuffer;
}

/** The result of a fuzzing worker. */
export interface FuzzResult {
  readonly runs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly edges: number;
  readonly features: number;
  readonly corpus: readonly Uint8Array[];
  readonly finding: { readonly input: Uint8Array; readonly text: string } | undefined;
}

/** The size of the header in {@link FuzzOrder.watched}. */
export const watchedHeaderBytes = 8;
