import { type Quote, SlowReaderPolicy } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import type { SymbolSubscription } from "../hub/symbol-subscription.ts";
import type { LogEntry } from "../log/quote-log.ts";
import { ConflatingQueue } from "./conflating-queue.ts";
import { LosslessQueue } from "./lossless-queue.ts";

/** What a line had waiting: the first and the newest of its quotes. No other quote of the line came between them. */
export interface Backlog {
  readonly first: LogEntry;
  readonly newest: LogEntry;
  readonly count: number;
}

/**
 * The quotes that wait for one reader: as snapshots, to be taken, and held back. Bounded, as each line has one waiting
 * quote at most, in one of the queues, and the queue that skips nothing has a limit of its own.
 */
export class SendQueue {
  /** How many quotes gave way to newer ones. */
  conflated = 0;
  readonly #now: () => number;
  readonly #lossless: LosslessQueue | undefined;
  readonly #snapshot = new ConflatingQueue();
  readonly #ready = new ConflatingQueue();
  readonly #held = new ConflatingQueue();

  /** @param now the clock that tells when a quote was taken */
  constructor(policy: SlowReaderPolicy, now: () => number, maxWaiting?: number) {
    this.#lossless = policy === SlowReaderPolicy.DISCONNECT ? new LosslessQueue(maxWaiting) : undefined;
    this.#now = now;
  }

  /** Whether nothing may be skipped. */
  get lossless(): boolean {
    return this.#lossless !== undefined;
  }

  /** How many wait to be taken; what is held back does not. */
  get size(): number {
    return (this.#lossless?.size ?? 0) + this.#snapshot.size + this.#ready.size;
  }

  get hasSnapshot(): boolean {
    return this.#snapshot.size > 0;
  }

  /** When the oldest of those that wait to be taken came into the log. */
  get oldestArrival(): number | undefined {
    const oldest = [this.#lossless?.oldest, this.#snapshot.oldest, this.#ready.oldest];
    const arrivals = oldest.filter((entry) => entry !== undefined).map(({ arrivedAt }) => arrivedAt);
    return arrivals.length === 0 ? undefined : Math.min(...arrivals);
  }

  /**
   * The first place in the log since which a quote waits, held back or not; Infinity where none does. It is at the quote
   * or before, where that took the place of another that waited to be taken.
   */
  get oldestSeq(): number {
    const seq = Math.min(this.#ready.since, this.#held.since, this.#snapshot.since);
    const lossless = this.#lossless?.oldest;
    return lossless === undefined ? seq : Math.min(seq, lossless.seq);
  }

  /** Adds the newest quote of the log. Returns false, and leaves all as it was, where that would be too much. */
  push(line: SymbolSubscription, entry: LogEntry): boolean {
    if (this.#lossless !== undefined) return this.#lossless.push(entry);
    this.conflate(line, entry);
    return true;
  }

  /** Adds the newest quote of the log, in place of the one of its line that waits to be taken. */
  conflate(line: SymbolSubscription, entry: LogEntry): void {
    const queue = line.queue === this.#snapshot ? this.#snapshot : this.#ready;
    if (queue.push(line, entry)) this.conflated++;
  }

  /** Adds the first quote of a line, as a snapshot. */
  show(line: SymbolSubscription, entry: LogEntry): void {
    this.#snapshot.insert(line, entry);
  }

  /** Adds a quote that was withdrawn, or one that was not offered. */
  insert(line: SymbolSubscription, entry: LogEntry): void {
    this.#ready.insert(line, entry);
  }

  /** Whether a quote of the line waits to be taken that may give way to a newer one. */
  offers(line: SymbolSubscription): boolean {
    return line.queue === this.#ready || line.queue === this.#snapshot;
  }

  /**
   * Holds the newest quote of the log back. Returns whether it took the place of another, which is not looked back to:
   * a pause may last for longer than the log goes back.
   */
  hold(line: SymbolSubscription, entry: LogEntry): boolean {
    const replaced = this.#held.remove(line) !== undefined;
    this.#held.push(line, entry);
    return replaced;
  }

  /** Holds a quote back that was withdrawn. */
  holdAgain(line: SymbolSubscription, entry: LogEntry): void {
    this.#held.insert(line, entry);
  }

  /** Takes out what is held back of a line. */
  unhold(line: SymbolSubscription): LogEntry | undefined {
    return this.#held.remove(line);
  }

  /** Takes up to `max` quotes of the snapshot, of those that wait the longest, in the order of the log. */
  takeSnapshot(max: number): Quote[] {
    return this.#takeInOrder(max, this.#snapshot);
  }

  /** Takes up to `max` quotes that are no snapshot, of those that wait the longest, in the order of the log. */
  take(max: number): Quote[] {
    if (this.#lossless !== undefined && this.#ready.size === 0) return this.#lossless.take(max).map(quoteOf);
    return this.#takeInOrder(max, this.#ready);
  }

  /** Takes all quotes of some lines out. */
  withdraw(lines: readonly SymbolSubscription[]): Map<SymbolSubscription, Backlog> {
    const backlogs = new Map<SymbolSubscription, Backlog>();
    const lossless = this.#extract(lines);
    for (const line of lines) {
      const other = this.#snapshot.remove(line) ?? this.#ready.remove(line) ?? this.#held.remove(line);
      const entries = [...(lossless.get(line.symbol) ?? []), ...(other === undefined ? [] : [other])];
      const [first, ...rest] = entries.sort((a, b) => a.seq - b.seq);
      if (first !== undefined) backlogs.set(line, { first, newest: rest.at(-1) ?? first, count: entries.length });
    }
    return backlogs;
  }

  /** Lets all quotes of a line but the newest give way. Returns that, taken out, unless it waits in a snapshot. */
  thinOut(lines: readonly SymbolSubscription[]): Map<SymbolSubscription, LogEntry> {
    const thinned = new Map<SymbolSubscription, LogEntry>();
    const shown = new Set<SymbolSubscription>();
    const lossless = this.#extract(lines);
    for (const line of lines) {
      const entries = lossless.get(line.symbol);
      const newest = entries?.at(-1);
      if (entries === undefined || newest === undefined) continue;
      const isSnapshot = this.#snapshot.remove(line) !== undefined;
      this.conflated += entries.length - 1 + (isSnapshot || this.#ready.remove(line) !== undefined ? 1 : 0);
      thinned.set(line, newest);
      if (isSnapshot) shown.add(line);
    }
    for (const [line, newest] of [...thinned].sort(([, a], [, b]) => a.seq - b.seq)) {
      if (!shown.has(line)) continue;
      this.#snapshot.insert(line, newest);
      thinned.delete(line);
    }
    return thinned;
  }

  clear(): void {
    this.#lossless?.clear();
    for (const queue of [this.#snapshot, this.#ready, this.#held]) queue.clear();
  }

  #extract(lines: readonly SymbolSubscription[]): Map<string, LogEntry[]> {
    if (this.#lossless === undefined || this.#lossless.size === 0) return new Map();
    const extracted = this.#lossless.extract(new Set(lines.map(({ symbol }) => symbol)));
    return Map.groupBy(extracted, ({ quote }) => quote.symbol);
  }

  /** Mostly they come in order: what was replaced while it waited is at its old place. */
  #takeInOrder(max: number, queue: ConflatingQueue): Quote[] {
    const quotes: Quote[] = [];
    let newest = 0;
    let inOrder = true;
    while (quotes.length < max) {
      const entry = this.#next(queue);
      if (entry === undefined) break;
      if (entry.seq < newest) inOrder = false;
      newest = entry.seq;
      quotes.push(entry.quote);
    }
    return inOrder ? quotes : quotes.sort((a, b) => (a.seq < b.seq ? -1 : 1));
  }

  #next(queue: ConflatingQueue): LogEntry | undefined {
    const line = queue.first;
    const oldest = queue === this.#ready ? this.#lossless?.oldest : undefined;
    if (oldest !== undefined && (line === undefined || oldest.seq < line.since)) return this.#lossless?.shift();
    return line && this.#takeFirst(queue, line);
  }

  #takeFirst(queue: ConflatingQueue, line: SymbolSubscription): LogEntry | undefined {
    if (line.control !== undefined) line.control.sentAt = this.#now();
    return queue.remove(line);
  }
}

function quoteOf({ quote }: LogEntry): Quote {
  return quote;
}
