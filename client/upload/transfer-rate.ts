/** The rate is that of the last ten seconds, in milliseconds: it follows the line, and does not jump at each chunk. */
const windowMs = 10_000;

/** The most moments that are remembered. Where more come, those of a moment are taken together. */
const maxMoments = 100;

/** How fast something comes forward. */
export class TransferRate {
  readonly #moments: { at: number; total: number }[] = [];

  /** Begins anew at a place: what lies before it was not brought there now. */
  restart(now: number, total: number): void {
    this.#moments.length = 0;
    this.#moments.push({ at: now, total });
  }

  /** Notes a place that was reached. */
  reach(now: number, total: number): void {
    const last = this.#moments.at(-1);
    const before = this.#moments.at(-2);
    if (last !== undefined && before !== undefined && now - before.at < windowMs / maxMoments) {
      last.at = now;
      last.total = total;
    } else this.#moments.push({ at: now, total });
    while (this.#moments.length > 2 && (this.#moments[1]?.at ?? now) <= now - windowMs) this.#moments.shift();
  }

  /** Units a second, until now. 0 until something has come. */
  perSecond(now: number): number {
    const first = this.#moments[0];
    const last = this.#moments.at(-1);
    if (first === undefined || last === undefined || last.total <= first.total) return 0;
    return ((last.total - first.total) / Math.max(1, now - first.at)) * 1000;
  }
}
