import { microsPerSecond } from "../../../client/shared/micro-time.ts";
import type { LogEntry, QuoteLog } from "./quote-log.ts";

/** The capacity of the log, in quotes: minutes of a busy feed, some 120 MB. */
export const maxLoggedQuotes = 200_000;

/** The maximum age of a quote, in seconds: after a longer absence a client needs a snapshot, not a replay. */
export const maxLoggedSeconds = 3_600;

export interface MemoryQuoteLogOptions {
  /** Default: {@link maxLoggedQuotes}. */
  readonly maxQuotes?: number;
  /** By the arrival times; enforced when a quote is appended. Default: {@link maxLoggedSeconds}. */
  readonly maxSeconds?: number;
}

/** A log in memory, bounded by count and by age: a ring buffer. Appending takes amortized constant time. */
export class MemoryQuoteLog implements QuoteLog {
  readonly #maxQuotes: number;
  readonly #maxMicros: number;
  // Grows up to the limit. The index of quote `seq` is `(seq - 1) % maxQuotes`.
  readonly #ring: (LogEntry | undefined)[] = [];
  #newestSeq = 0;
  #oldestSeq = 1;

  constructor(options: MemoryQuoteLogOptions = {}) {
    this.#maxQuotes = options.maxQuotes ?? maxLoggedQuotes;
    this.#maxMicros = (options.maxSeconds ?? maxLoggedSeconds) * microsPerSecond;
  }

  get newestSeq(): number {
    return this.#newestSeq;
  }

  get oldestSeq(): number {
    return this.#oldestSeq;
  }

  append(entry: LogEntry): void {
    if (entry.seq !== this.#newestSeq + 1) throw new Error(`quote ${entry.seq} does not follow ${this.#newestSeq}`);
    this.#ring[this.#slot(entry.seq)] = entry;
    this.#newestSeq = entry.seq;
    this.#oldestSeq = Math.max(this.#oldestSeq, entry.seq - this.#maxQuotes + 1);
    this.#evictOlderThan(entry.arrivedAt - this.#maxMicros);
  }

  read(afterSeq: number, max: number): readonly LogEntry[] {
    const first = Math.max(afterSeq + 1, this.#oldestSeq);
    const end = Math.min(first + max, this.#newestSeq + 1);
    const entries: LogEntry[] = [];
    for (let seq = first; seq < end; seq++) {
      const entry = this.#ring[this.#slot(seq)];
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  #evictOlderThan(time: number): void {
    for (;;) {
      const slot = this.#slot(this.#oldestSeq);
      const oldest = this.#ring[slot];
      if (oldest === undefined || oldest.seq !== this.#oldestSeq || oldest.arrivedAt >= time) return;
      this.#ring[slot] = undefined;
      this.#oldestSeq++;
    }
  }

  #slot(seq: number): number {
    return (seq - 1) % this.#maxQuotes;
  }
}
