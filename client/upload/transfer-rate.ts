/** The window of the average, in milliseconds. Long enough to smooth out single chunks. */
const windowMs = 10_000;

/** The maximum number of samples that are kept. Samples that are closer together are merged. */
const maxSamples = 100;

/** Measures how fast a total grows, as the average of the last ten seconds. */
export class TransferRate {
  readonly #samples: { at: number; total: number }[] = [];

  /** Starts a measurement at a total. */
  restart(now: number, total: number): void {
    this.#samples.length = 0;
    this.#samples.push({ at: now, total });
  }

  /** Notes that a total was reached. */
  add(now: number, total: number): void {
    const last = this.#samples.at(-1);
    const beforeLast = this.#samples.at(-2);
    if (last !== undefined && beforeLast !== undefined && now - beforeLast.at < windowMs / maxSamples) {
      last.at = now;
      last.total = total;
    } else this.#samples.push({ at: now, total });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? now) <= now - windowMs) this.#samples.shift();
  }

  /** The rate until now, per second. 0 if the total has not grown. */
  perSecond(now: number): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.total <= first.total) return 0;
    return ((last.total - first.total) / Math.max(1, now - first.at)) * 1000;
  }
}
