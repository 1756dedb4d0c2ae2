import type { MicroTime } from "../../../client/shared/micro-time.ts";
import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** A quote of the log. One object for all its readers: never change it. */
export interface LogEntry {
  /** The quote's `seq`, as a number: exact for longer than any log lasts, and cheaper to compare. */
  readonly seq: number;
  readonly quote: Quote;
  /** When it came into the log. */
  readonly arrivedAt: MicroTime;
}

/**
 * The quotes that were published, in their order, as far back as the log holds them: without a gap between the oldest
 * and the newest. Reading is synchronous, in pages: who joins the live quotes at the log's end does so between two
 * publications. A log that lasts keeps its newest part in memory for that.
 */
export interface QuoteLog {
  /** The place of the newest quote that was ever appended; 0 before the first. */
  readonly newestSeq: number;

  /** The place of the oldest quote that is held; one more than {@link newestSeq} where none is held. Never falls. */
  readonly oldestSeq: number;

  /** Appends a quote whose place is the next after {@link newestSeq}; throws where it is not. May let the oldest go. */
  append(entry: LogEntry): void;

  /**
   * The oldest `max` of the quotes behind a place, fewer at the end of the log. Where the log no longer holds the first
   * of them, it begins with the oldest that is held.
   */
  read(afterSeq: number, max: number): readonly LogEntry[];
}
