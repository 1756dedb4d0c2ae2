import type { SymbolSubscription } from "../hub/symbol-subscription.ts";
import type { LogEntry } from "../log/quote-log.ts";

/**
 * Keeps one quote of each line, the newest, so that it never holds more quotes than there are lines and is never full.
 * The line that waits the longest is the first, however often its quote was replaced: each has its turn. A list that is linked through the lines: adding and removing at either end allocates nothing.
 */
export class ConflatingQueue {
  #first: SymbolSubscription | undefined;
  #last: SymbolSubscription | undefined;
  /** Where the search for the next place begins. */
  #inserted: SymbolSubscription | undefined;
  #size = 0;

  /** How many quotes wait. */
  get size(): number {
    return this.#size;
  }

  /** The line that waits the longest. */
  get first(): SymbolSubscription | undefined {
    return this.#first;
  }

  /** The place in the log since which the first line waits; Infinity where none does. */
  get since(): number {
    return this.#first === undefined ? Number.POSITIVE_INFINITY : this.#first.since;
  }

  /** The oldest quote that waits. Looks at all of them. */
  get oldest(): LogEntry | undefined {
    let oldest = this.#first?.waiting;
    for (let each = this.#first?.next; each !== undefined; each = each.next) {
      if (oldest !== undefined && each.waiting !== undefined && each.waiting.seq < oldest.seq) oldest = each.waiting;
    }
    return oldest;
  }

  /**
   * Adds the newest quote of the log, in place of the one of its line that waits here. Returns whether there was one.
   * That leaves the line at its place. The line must not stand in another queue.
   */
  push(line: SymbolSubscription, entry: LogEntry): boolean {
    const replaced = line.queue === this;
    if (!replaced) this.#link(line, entry.seq, this.#last);
    line.waiting = entry;
    return replaced;
  }

  /**
   * Adds a quote of a line that stands in no queue, before those that wait since later. Fast where the places in the
   * log grow from call to call.
   */
  insert(line: SymbolSubscription, entry: LogEntry): void {
    let before = this.#last;
    if (before !== undefined && entry.seq < before.since) {
      // What was held back is older than most of what waits, and comes in its order where it is much.
      const hint = this.#inserted;
      before = hint?.queue === this && hint.since < entry.seq ? hint : undefined;
      let each = before === undefined ? this.#first : before.next;
      for (; each !== undefined && each.since < entry.seq; each = each.next) before = each;
    }
    this.#link(line, entry.seq, before);
    this.#inserted = line;
    line.waiting = entry;
  }

  /** Takes the quote of a line out; none where none waits here. */
  remove(line: SymbolSubscription): LogEntry | undefined {
    if (line.queue !== this) return undefined;
    const { waiting } = line;
    this.#unlink(line);
    line.queue = undefined;
    line.waiting = undefined;
    return waiting;
  }

  /** Removes all quotes. */
  clear(): void {
    while (this.#first !== undefined) this.remove(this.#first);
  }

  #link(line: SymbolSubscription, since: number, previous: SymbolSubscription | undefined): void {
    const next = previous === undefined ? this.#first : previous.next;
    line.queue = this;
    line.since = since;
    line.previous = previous;
    line.next = next;
    if (previous === undefined) this.#first = line;
    else previous.next = line;
    if (next === undefined) this.#last = line;
    else next.previous = line;
    this.#size++;
  }

  #unlink({ previous, next }: SymbolSubscription): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.#size--;
  }
}
