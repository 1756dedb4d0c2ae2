/** The target duration of a slice, in milliseconds: no other call runs meanwhile. */
const targetMs = 1;

/** The smallest slice, in rows: in a smaller one the overhead of a statement dominates. */
const minRows = 256;

/**
 * The largest slice, in rows. It also keeps the sums of a slice within 64 bits: the amount of each of 8,192 orders is at
 * most a million times a billion.
 */
const maxRows = 8_192;

/**
 * Adapts the number of rows that one slice of a long read scans to the machine and the filter, so that each slice takes
 * about a millisecond.
 */
export class AdaptiveScanSize {
  #rows = minRows * 4;

  /** The number of rows that the next slice scans. */
  get rows(): number {
    return this.#rows;
  }

  /** Adapts the size to the duration of the last slice, in milliseconds. */
  record(ms: number): void {
    if (ms > targetMs) this.#rows = Math.max(minRows, Math.floor(this.#rows / 2));
    else if (ms < targetMs / 2) this.#rows = Math.min(maxRows, this.#rows * 2);
  }
}
