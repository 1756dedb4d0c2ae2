import type { LogEntry } from "../log/quote-log.ts";

/** How many quotes may wait for a reader that skips nothing: some seconds of a busy feed, and 80 KB of references. */
export const maxWaitingQuotes = 10_000;

/** Keeps every quote in the order of the log, up to a limit, and is full then. */
export class LosslessQueue {
  readonly #limit: number;
  #entries: LogEntry[] = [];
  // Where the queue begins in the array: moving the rest forward at each removal would cost more than it saves.
  #start = 0;

  constructor(limit: number = maxWaitingQuotes) {
    this.#limit = limit;
  }

  /** How many quotes wait. */
  get size(): number {
    return this.#entries.length - this.#start;
  }

  /** The first in the order of the log. */
  get oldest(): LogEntry | undefined {
    return this.#entries[this.#start];
  }

  /** Adds the newest quote of the log. Returns false, and leaves all as it was, where the queue is full. */
  push(entry: LogEntry): boolean {
    if (this.size >= this.#limit) return false;
    this.#entries.push(entry);
    return true;
  }

  /** Removes the oldest. */
  shift(): LogEntry | undefined {
    const entry = this.#entries[this.#start];
    if (entry === undefined) return undefined;
    this.#start++;
    if (this.size === 0) this.clear();
    else if (this.#start >= this.#limit) this.#startAnew(this.#entries.slice(this.#start));
    return entry;
  }

  /** Removes up to `max` quotes, the oldest first. */
  take(max: number): LogEntry[] {
    if (max >= this.size && this.#start === 0) {
      const all = this.#entries;
      this.clear();
      return all;
    }
    const taken = this.#entries.slice(this.#start, this.#start + max);
    this.#start += taken.length;
    if (this.size === 0) this.clear();
    else if (this.#start >= this.#limit) this.#startAnew(this.#entries.slice(this.#start));
    return taken;
  }

  /** Removes the quotes of some symbols, and returns them in the order of the log. */
  extract(symbols: ReadonlySet<string>): readonly LogEntry[] {
    const extracted: LogEntry[] = [];
    const rest: LogEntry[] = [];
    for (const entry of this.#entries.slice(this.#start)) {
      (symbols.has(entry.quote.symbol) ? extracted : rest).push(entry);
    }
    this.#startAnew(rest);
    return extracted;
  }

  /** Removes all quotes. */
  clear(): void {
    this.#startAnew([]);
  }

  #startAnew(entries: LogEntry[]): void {
    this.#entries = entries;
    this.#start = 0;
  }
}
