/** How long a slice is to take: so long nobody else has a turn. */
const targetMs = 1;

/** Slices are no shorter, or what is read would drown in what it takes to begin. */
const minRows = 256;

/**
 * Slices are no longer. It also keeps the sums of a slice within 64 bits: each of 8,192 orders comes to at most a
 * million times a billion.
 */
const maxSliceRows = 8_192;

/**
 * How many sequences a slice of a long read looks at: so many that it takes about a millisecond, as the ones before
 * tell, whatever the filter and the machine.
 */
export class ReadSlices {
  #rows = minRows * 4;

  /** How many sequences the next slice looks at. */
  get rows(): number {
    return this.#rows;
  }

  /** Tells how many milliseconds the last slice took. */
  took(ms: number): void {
    if (ms > targetMs) this.#rows = Math.max(minRows, Math.floor(this.#rows / 2));
    else if (ms < targetMs / 2) this.#rows = Math.min(maxSliceRows, this.#rows * 2);
  }
}
