/** Counts what comes within a second, and tells when it was too much. */
export class FloodGuard {
  readonly #maxPerSecond: number;
  #second = 0;
  #count = 0;

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond;
  }

  /** @param now in milliseconds. True: this one is beyond the limit. */
  exceededAt(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    return ++this.#count > this.#maxPerSecond;
  }
}
