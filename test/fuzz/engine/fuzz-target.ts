/** A decoder with its invariants. */
export interface FuzzTarget {
  /** The initial inputs besides the stored corpus. */
  readonly seeds: readonly Uint8Array[];
  /** The maximum length of an input. */
  readonly maxBytes: number;
  /**
   * Decodes an input. Throws or rejects if an invariant is violated, for example by an undeclared error, a round trip
   * with a different result, or too large an output.
   */
  run(input: Buffer): void | Promise<void>;
}

/** The error of a violated invariant. */
export class BrokenInvariantError extends Error {
  override name = "BrokenInvariantError";
}

/** Throws a {@link BrokenInvariantError} if the condition is false. */
export function invariant(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new BrokenInvariantError(typeof what === "string" ? what : what());
}

/** Returns the result of a function, or the error that it throws if the error has one of the declared types. */
export function declared<T, E extends Error>(
  call: () => T,
  ...types: readonly (abstract new (
    ...args: never[]
  ) => E)[]
): T | E {
  try {
    return call();
  } catch (error) {
    if (types.some((type) => error instanceof type)) return error as E;
    throw error;
  }
}
