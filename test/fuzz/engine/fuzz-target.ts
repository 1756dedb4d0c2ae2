/** A decoder, and what must hold whatever it is given. */
export interface FuzzTarget {
  /** What inputs begin from, besides the stored corpus. */
  readonly seeds: readonly Uint8Array[];
  /** Longer inputs are not tried. */
  readonly maxBytes: number;
  /**
   * Decodes an input. Rejects or throws if an invariant is violated: an undeclared error, a round trip
   * with another result, an output that is too large.
   */
  run(input: Buffer): void | Promise<void>;
}

/** An invariant is violated. */
export class BrokenInvariantError extends Error {
  override name = "BrokenInvariantError";
}

/** Throws a {@link BrokenInvariantError} if the condition is false. */
export function invariant(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new BrokenInvariantError(typeof what === "string" ? what : what());
}

/** What a function returns, or the error that it throws, where that is of one of the types that it declares. */
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
