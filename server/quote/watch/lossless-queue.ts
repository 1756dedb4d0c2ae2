import type { LogEntry } from "../log/quote-log.ts";

/** The maximum number of queued quotes of a lossless stream: some seconds of a busy feed, and 80 KB of references. */
export const maxWaitingQuotes = 10_000;

/** A queue of all quotes in the order of the log, with a limit. */
export class LosslessQueue {
  readonly #limit: number;
  #entries: LogEntry[] = [];
  // The index of the oldest entry: moving the others forward at each removal would be too slow.
  #start = 0;

  constructor(limit: number = maxWaitingQuotes) {
    this.#limit = limit;
  }

  /** The number of queued quotes. */
  get size(): number {
    return this.#entries.length - this.#start;
  }

  get oldest(): LogEntry | undefined {
    return this.#entries[this.#start];
  }

  /** Adds the newest quote of the log. Returns false, and adds nothing, if the queue is full. */
  push(entry: LogEntry): boolean {
    if (this.size >= this.#limit) return false;
    this.#entries.push(entry);
    return true;
  }

  /** Removes the oldest quote, and returns it. */
  shift(): LogEntry | undefined {
    const entry = this.#entries[this.#start];
    if (entry === undefined) return undefined;
    this.#start++;
    this.#compact();
    return entry;
  }

  /** Removes up to `max` quotes, the oldest first, and returns them. */
  take(max: number): LogEntry[] {
    if (max >= this.size && this.#start === 0) {
      const all = this.#entries;
      this.clear();
      return all;
    }
    const taken = this.#entries.slice(this.#start, this.#start + max);
    this.#start += taken.length;
    this.#compact();
    return taken;
  }

  /** Removes the quotes of some symbols, and returns them in the order of the log. */
  extract(symbols: ReadonlySet<string>): readonly LogEntry[] {
    const extracted: LogEntry[] = [];
    const rest: LogEntry[] = [];
    for (const entry of this.#entries.slice(this.#start)) {
      (symbols.has(entry.quote.symbol) ? extracted : rest).push(entry);
    }
    this.#replaceEntries(rest);
    return extracted;
  }

  clear(): void {
    this.#replaceEntries([]);
  }

  /** Drops the removed entries at the start of the array, once for every `limit` removals. */
  #compact(): void {
    if (this.size === 0) this.clear();
    else if (this.#start >= this.#limit) this.#replaceEntries(this.#entries.slice(this.#start));
  }

  #replaceEntries(entries: LogEntry[]): void {
    this.#entries = entries;
    this.#start = 0;
  }
}
