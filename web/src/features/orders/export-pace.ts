// Long enough that the figure stands still, short enough that it tells what is.
const windowMs = 3_000;
const sampleMs = 250;

/** Tells how fast something comes in, over the last {@link windowMs}. */
export class ExportPace {
  readonly #samples: { at: number; count: number }[] = [];

  /** Forgets what was: something begins, or goes on after a break. */
  reset(): void {
    this.#samples.length = 0;
  }

  /** Takes how many there are by now; `at` in milliseconds, never less than before. */
  add(at: number, count: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && at - last.at < sampleMs) return;
    this.#samples.push({ at, count });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > windowMs) this.#samples.shift();
  }

  /** How many come in a second. Undefined until there is something to tell it from. */
  get perSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    return ((last.count - first.count) / (last.at - first.at)) * 1_000;
  }
}
