import type { SymbolSubscription } from "../hub/symbol-subscription.ts";

/** The first quote of a line that it was not sent: it may be that, or one that stands a little before it in the log. */
export interface MissedFrom {
  readonly seq: number;
  /** The number of that quote among those of its instrument. */
  readonly instrumentSeq: bigint;
}

/** From where on the lines miss quotes that are stopped for a replay. */
export class MissedQuotes {
  readonly #from = new Map<SymbolSubscription, MissedFrom>();
  #oldestSeq: number | undefined = Number.POSITIVE_INFINITY;

  has(line: SymbolSubscription): boolean {
    return this.#from.has(line);
  }

  add(line: SymbolSubscription, from: MissedFrom): void {
    this.#from.set(line, from);
    if (this.#oldestSeq !== undefined) this.#oldestSeq = Math.min(this.#oldestSeq, from.seq);
  }

  /** Forgets a line, and tells what it missed, if anything. */
  remove(line: SymbolSubscription): MissedFrom | undefined {
    const from = this.#from.get(line);
    this.#from.delete(line);
    if (from?.seq === this.#oldestSeq) this.#oldestSeq = undefined;
    return from;
  }

  clear(): void {
    this.#from.clear();
    this.#oldestSeq = undefined;
  }

  /** The first place in the log that some line misses; Infinity where none misses any. */
  get oldestSeq(): number {
    this.#oldestSeq ??= this.#from
      .values()
      .reduce((oldest, { seq }) => Math.min(oldest, seq), Number.POSITIVE_INFINITY);
    return this.#oldestSeq;
  }
}
