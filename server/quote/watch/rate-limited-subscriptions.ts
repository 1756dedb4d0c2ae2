import type { Timers } from "../../../client/shared/timers.ts";
import type { SymbolSubscription } from "../hub/symbol-subscription.ts";

/** The lines whose quotes a rate holds back, by their times; one timer for all, none where there are none. */
export class RateLimitedSubscriptions {
  readonly #timers: Timers;
  readonly #release: (lines: readonly SymbolSubscription[]) => void;
  // A binary heap, the first time on top: with many lines that are due at once a sorted list would take long to change.
  readonly #heap: SymbolSubscription[] = [];
  #timer: { readonly at: number; readonly stop: () => void } | undefined;

  /** @param release told of the lines whose quotes may go, of all that are due together, in no order */
  constructor(timers: Timers, release: (lines: readonly SymbolSubscription[]) => void) {
    this.#timers = timers;
    this.#release = release;
  }

  /** Releases the line at a time; it must not be here yet. */
  add(line: SymbolSubscription, dueAt: number): void {
    if (line.control === undefined) return;
    line.control.dueAt = dueAt;
    this.#rise(line, this.#heap.length);
    this.#arm();
  }

  /** Forgets a line, if it is here. */
  remove(line: SymbolSubscription): void {
    if (line.control?.dueAt === undefined) return;
    this.#takeOut(line, line.control.pacedAt);
    line.control.dueAt = undefined;
    this.#arm();
  }

  clear(): void {
    for (const { control } of this.#heap) if (control !== undefined) control.dueAt = undefined;
    this.#heap.length = 0;
    this.#arm();
  }

  #takeOut(line: SymbolSubscription, at: number): void {
    const last = this.#heap.pop();
    if (last === undefined || last === line) return;
    const parent = this.#heap[(at - 1) >> 1];
    if (at > 0 && parent !== undefined && dueAtOf(last) < dueAtOf(parent)) this.#rise(last, at);
    else this.#sink(last, at);
  }

  /** Puts a line at a place, or above it. */
  #rise(line: SymbolSubscription, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || dueAtOf(parent) <= dueAtOf(line)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(line, at);
  }

  /** Puts a line at a place, or below it. */
  #sink(line: SymbolSubscription, from: number): void {
    let at = from;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const below = dueAtOf(this.#heap[right]) < dueAtOf(this.#heap[left]) ? right : left;
      const child = this.#heap[below];
      if (child === undefined || dueAtOf(line) <= dueAtOf(child)) break;
      this.#put(child, at);
      at = below;
    }
    this.#put(line, at);
  }

  #put(line: SymbolSubscription, at: number): void {
    this.#heap[at] = line;
    if (line.control !== undefined) line.control.pacedAt = at;
  }

  /** A timer that fires too early is left alone: stopping and starting timers at each quote would cost more. */
  #arm(): void {
    const next = this.#heap[0]?.control?.dueAt;
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
    const due: SymbolSubscription[] = [];
    for (;;) {
      const line = this.#heap[0];
      if (line?.control?.dueAt === undefined || line.control.dueAt > now) break;
      this.#takeOut(line, 0);
      line.control.dueAt = undefined;
      due.push(line);
    }
    this.#release(due);
    this.#arm();
  };
}

function dueAtOf(line: SymbolSubscription | undefined): number {
  return line?.control?.dueAt ?? Number.POSITIVE_INFINITY;
}
