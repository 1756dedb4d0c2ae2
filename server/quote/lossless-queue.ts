import type { Quote } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { LogEntry, QuoteQueue } from "./quote-queue.ts";

/** How many quotes may wait for a reader that skips nothing: some seconds of a busy feed, and 80 KB of references. */
export const maxWaitingQuotes = 10_000;

/** Keeps every quote, up to a limit, and is full then. */
export class LosslessQueue implements QuoteQueue {
  readonly conflated = 0;
  readonly #limit: number;
  #entries: LogEntry[] = [];
  // Where the queue begins in the array: moving the rest forward at each take would cost more than it saves.
  #start = 0;

  constructor(limit: number = maxWaitingQuotes) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.length - this.#start;
  }

  get oldest(): LogEntry | undefined {
    return this.#entries[this.#start];
  }

  push(_slot: number, entry: LogEntry): boolean {
    if (this.size >= this.#limit) return false;
    this.#entries.push(entry);
    return true;
  }

  take(max: number): Quote[] {
    const end = Math.min(this.#start + max, this.#entries.length);
    const quotes: Quote[] = [];
    for (const entry of this.#entries.slice(this.#start, end)) quotes.push(entry.quote);
    this.#start = end;
    this.#dropTaken();
    return quotes;
  }

  clear(): void {
    this.#entries = [];
    this.#start = 0;
  }

  #dropTaken(): void {
    if (this.size === 0) this.clear();
    else if (this.#start >= this.#limit) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }
}
