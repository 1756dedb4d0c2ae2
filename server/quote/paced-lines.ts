import type { Timers } from "../../client/timers.ts";
import type { QuoteLine } from "./quote-line.ts";

/** The lines whose quotes a rate holds back, in the order of their times; one timer for all, none where there are none. */
export class PacedLines {
  readonly #timers: Timers;
  readonly #release: (line: QuoteLine) => void;
  // Sorted by time, the latest first: those that are due go from the end.
  readonly #lines: QuoteLine[] = [];
  #timer: { readonly at: number; readonly stop: () => void } | undefined;

  /** @param release told of each line when its quote may go */
  constructor(timers: Timers, release: (line: QuoteLine) => void) {
    this.#timers = timers;
    this.#release = release;
  }

  /** Releases the line at a time; it must not be here yet. */
  add(line: QuoteLine, dueAt: number): void {
    if (line.control === undefined) return;
    line.control.dueAt = dueAt;
    this.#lines.splice(this.#placeOf(dueAt), 0, line);
    this.#arm();
  }

  /** Forgets a line, if it is here. */
  remove(line: QuoteLine): void {
    const dueAt = line.control?.dueAt;
    if (line.control === undefined || dueAt === undefined) return;
    line.control.dueAt = undefined;
    this.#lines.splice(this.#lines.indexOf(line, this.#placeOf(dueAt)), 1);
    this.#arm();
  }

  clear(): void {
    for (const { control } of this.#lines) if (control !== undefined) control.dueAt = undefined;
    this.#lines.length = 0;
    this.#arm();
  }

  /** The first place whose line is due at that time or before. */
  #placeOf(dueAt: number): number {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lines[middle]?.control?.dueAt ?? 0) > dueAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A timer that fires too early is left alone: stopping and starting timers at each quote would cost more. */
  #arm(): void {
    const next = this.#lines.at(-1)?.control?.dueAt;
    if (this.#timer !== undefined && next !== undefined && this.#timer.at <= next) return;
    this.#timer?.stop();
    this.#timer = undefined;
    if (next === undefined) return;
    const millis = Math.max(0, Math.ceil(next - this.#timers.now()));
    this.#timer = { at: next, stop: this.#timers.after(millis, this.#onTime) };
  }

  readonly #onTime = (): void => {
    this.#timer = undefined;
    const now = this.#timers.now();
    for (;;) {
      const line = this.#lines.at(-1);
      if (line?.control?.dueAt === undefined || line.control.dueAt > now) break;
      this.#lines.pop();
      line.control.dueAt = undefined;
      this.#release(line);
    }
    this.#arm();
  };
}
