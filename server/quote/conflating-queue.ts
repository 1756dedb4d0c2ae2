import type { Quote } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { LogEntry, QuoteQueue } from "./quote-queue.ts";

const none = -1;

/**
 * Keeps the newest quote of each symbol, so that it never holds more quotes than there are slots and is never full.
 * A quote that replaces an older one takes its place at the end: what is taken is in the order of the log.
 *
 * A list that is linked through arrays by slot: every operation takes constant time and allocates nothing.
 */
export class ConflatingQueue implements QuoteQueue {
  readonly #entries: (LogEntry | undefined)[];
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  #first = none;
  #last = none;
  #size = 0;
  #conflated = 0;

  /** @param slots how many symbols there are; slots count from 0 */
  constructor(slots: number) {
    this.#entries = new Array<LogEntry | undefined>(slots).fill(undefined);
    this.#next = new Int32Array(slots).fill(none);
    this.#previous = new Int32Array(slots).fill(none);
  }

  get size(): number {
    return this.#size;
  }

  get conflated(): number {
    return this.#conflated;
  }

  get oldest(): LogEntry | undefined {
    return this.#first === none ? undefined : this.#entries[this.#first];
  }

  push(slot: number, entry: LogEntry): boolean {
    if (this.#entries[slot] !== undefined) {
      this.#unlink(slot);
      this.#conflated++;
    }
    this.#entries[slot] = entry;
    this.#append(slot);
    return true;
  }

  take(max: number): Quote[] {
    const quotes: Quote[] = [];
    while (quotes.length < max && this.#first !== none) {
      const slot = this.#first;
      const entry = this.#entries[slot];
      if (entry !== undefined) quotes.push(entry.quote);
      this.#unlink(slot);
    }
    return quotes;
  }

  clear(): void {
    while (this.#first !== none) this.#unlink(this.#first);
  }

  #append(slot: number): void {
    this.#previous[slot] = this.#last;
    this.#next[slot] = none;
    if (this.#last === none) this.#first = slot;
    else this.#next[this.#last] = slot;
    this.#last = slot;
    this.#size++;
  }

  #unlink(slot: number): void {
    const previous = this.#previous[slot] ?? none;
    const next = this.#next[slot] ?? none;
    if (previous === none) this.#first = next;
    else this.#next[previous] = next;
    if (next === none) this.#last = previous;
    else this.#previous[next] = previous;
    this.#entries[slot] = undefined;
    this.#size--;
  }
}
