import { PauseMode, type Quote, QuotePhase, type Subscription } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { Gap } from "./watch-update.ts";

interface SymbolState {
  /** The `instrument_seq` of the newest received quote. */
  newest: bigint;
  /** Whether the current stream has sent a quote of the symbol. */
  isInStream: boolean;
  /** Whether a gap before the next quote is explained. */
  mayHaveGap: boolean;
}

/**
 * Detects missing, repeated and reordered quotes, by the dense `instrument_seq` of each symbol. Takes the events of the
 * streams in their order. Holds one state per symbol.
 */
export class GapDetector {
  readonly #conflates: boolean;
  readonly #symbols = new Map<string, SymbolState>();
  readonly #rateLimited = new Set<string>();
  #missingByConflation = 0n;

  /** @param conflates whether the policy of the stream allows conflation */
  constructor(conflates: boolean) {
    this.#conflates = conflates;
  }

  /** The number of quotes that are missing in this stream and that the server must count as conflated. */
  get missingByConflation(): bigint {
    return this.#missingByConflation;
  }

  /** A stream starts. A gap before the first quote of a symbol belongs to the stream before. */
  beginStream(): void {
    this.#missingByConflation = 0n;
    for (const state of this.#symbols.values()) state.isInStream = false;
  }

  /** The log starts another epoch: its sequence numbers do not continue those of the previous epoch. */
  beginEpoch(): void {
    this.#symbols.clear();
  }

  /** Allows a gap before the next quote of every symbol. */
  allowGaps(): void {
    for (const state of this.#symbols.values()) state.mayHaveGap = true;
  }

  /** Takes the state of a subscription. A pause that conflates, and a rate limit, explain gaps. */
  updateSubscription({ symbol, paused, skipped, maxRate }: Subscription): void {
    if (paused === PauseMode.CONFLATE || skipped > 0n) this.#allowGap(symbol);
    if (maxRate > 0) this.#rateLimited.add(symbol);
    else if (this.#rateLimited.delete(symbol)) this.#allowGap(symbol);
  }

  /**
   * Takes a quote. Returns whether it is newer than all earlier quotes of its symbol. Appends to `gaps` if quotes are
   * missing before it.
   */
  accept({ symbol, instrumentSeq }: Quote, phase: QuotePhase, gaps: Gap[]): boolean {
    const state = this.#symbols.get(symbol);
    if (state === undefined) {
      this.#symbols.set(symbol, { newest: instrumentSeq, isInStream: true, mayHaveGap: false });
      return true;
    }
    if (instrumentSeq <= state.newest) return false;
    const missing = instrumentSeq - state.newest - 1n;
    if (missing > 0n) {
      const mayHaveGap = state.mayHaveGap || phase === QuotePhase.SNAPSHOT;
      const mayBeConflated = this.#conflates || this.#rateLimited.has(symbol);
      if (mayBeConflated && state.isInStream && !mayHaveGap) this.#missingByConflation += missing;
      gaps.push({ symbol, before: instrumentSeq, missing, cause: mayBeConflated || mayHaveGap ? "skipped" : "lost" });
    }
    state.newest = instrumentSeq;
    state.isInStream = true;
    state.mayHaveGap = false;
    return true;
  }

  #allowGap(symbol: string): void {
    const state = this.#symbols.get(symbol);
    if (state !== undefined) state.mayHaveGap = true;
  }
}
