import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** A quote of the log. All readers share the object: never change it. */
export interface LogEntry {
  /** The `seq` of the quote, as a number: exact up to 2^53, and faster to compare. */
  readonly seq: number;
  readonly quote: Quote;
  /** When it was appended. */
  readonly arrivedAt: MicroTime;
}

/**
 * The published quotes, in their order, from the oldest that was not evicted to the newest, without a gap. Reading is
 * synchronous, so that a replay that reaches the end of the log continues with live quotes without missing one. A durable
 * log keeps its newest part in memory for that.
 */
export interface QuoteLog {
  /** The `seq` of the newest quote; 0 before the first one. */
  readonly newestSeq: number;

  /** The `seq` of the oldest quote; `newestSeq + 1` if the log is empty. Never decreases. */
  readonly oldestSeq: number;

  /** Appends a quote. Throws if its `seq` is not `newestSeq + 1`. May evict the oldest quotes. */
  append(entry: LogEntry): void;

  /**
   * Returns the oldest `max` quotes after a `seq`, fewer at the end of the log. Starts with the oldest quote of the log if
   * the first of them was evicted.
   */
  read(afterSeq: number, max: number): readonly LogEntry[];
}
