import { PauseMode, type Quote, QuotePhase, type Subscription } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { Gap } from "./watch-update.ts";

interface Place {
  /** The `instrument_seq` of the newest quote that was received. */
  newest: bigint;
  /** Whether a quote of this stream was received. */
  ofStream: boolean;
  /** Whether quotes may be missing in front of the next one. */
  mayJump: boolean;
}

/**
 * Checks that quotes arrive in order and whole, by the dense `instrument_seq` of each symbol. What it is told has to be
 * told in the order of the stream. Holds one place a symbol.
 */
export class GapDetector {
  readonly #conflates: boolean;
  readonly #places = new Map<string, Place>();
  readonly #limited = new Set<string>();
  #conflated = 0n;

  /** @param conflates whether the policy of the stream lets quotes be conflated */
  constructor(conflates: boolean) {
    this.#conflates = conflates;
  }

  /** How many quotes are missing on this stream of those that the server counts as conflated. */
  get conflated(): bigint {
    return this.#conflated;
  }

  /** A stream begins. What it leaves out in front of a symbol's first quote was conflated on the stream before. */
  beginStream(): void {
    this.#conflated = 0n;
    for (const place of this.#places.values()) place.ofStream = false;
  }

  /** The log is another: what was received says nothing of what comes. */
  beginEpoch(): void {
    this.#places.clear();
  }

  /** Quotes of every symbol may be missing in front of the next one. */
  allowJumps(): void {
    for (const place of this.#places.values()) place.mayJump = true;
  }

  /** Takes what the server says of a subscription. */
  note({ symbol, paused, skipped, maxRate }: Subscription): void {
    if (paused === PauseMode.CONFLATE || skipped > 0n) this.#allowJump(symbol);
    if (maxRate > 0) this.#limited.add(symbol);
    else if (this.#limited.delete(symbol)) this.#allowJump(symbol);
  }

  /**
   * Whether the quote is newer than all of its symbol before. Adds to `gaps` where some are missing in front of it, as
   * they may be in front of a snapshot.
   */
  accept({ symbol, instrumentSeq }: Quote, phase: QuotePhase, gaps: Gap[]): boolean {
    const place = this.#places.get(symbol);
    if (place === undefined) {
      this.#places.set(symbol, { newest: instrumentSeq, ofStream: true, mayJump: false });
      return true;
    }
    if (instrumentSeq <= place.newest) return false;
    const missing = instrumentSeq - place.newest - 1n;
    if (missing > 0n) {
      const mayJump = place.mayJump || phase === QuotePhase.SNAPSHOT;
      const mayBeConflated = this.#conflates || this.#limited.has(symbol);
      if (mayBeConflated && place.ofStream && !mayJump) this.#conflated += missing;
      gaps.push({ symbol, before: instrumentSeq, missing, cause: mayBeConflated || mayJump ? "skipped" : "lost" });
    }
    place.newest = instrumentSeq;
    place.ofStream = true;
    place.mayJump = false;
    return true;
  }

  #allowJump(symbol: string): void {
    const place = this.#places.get(symbol);
    if (place !== undefined) place.mayJump = true;
  }
}
