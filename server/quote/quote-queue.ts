import type { Quote } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { MicroTime } from "./micro-time.ts";

/** A quote of the log. One object for all its readers: never change it. */
export interface LogEntry {
  readonly quote: Quote;
  /** When it came into the log. */
  readonly arrivedAt: MicroTime;
}

/**
 * What waits for one reader, in the order of the log. Bounded: no queue grows beyond a limit that it names.
 *
 * Symbols are told apart by slot, a small number that the reader's subscriber gives each of them.
 */
export interface QuoteQueue {
  /** How many quotes wait. */
  readonly size: number;
  /** How many quotes were replaced by newer ones before they were taken, since the queue began. */
  readonly conflated: number;
  /** The first in the order of the log. */
  readonly oldest: LogEntry | undefined;

  /** Adds the newest quote of the log. Returns false, and leaves all as it was, where the queue is full. */
  push(slot: number, entry: LogEntry): boolean;

  /** Removes up to `max` quotes from the front, oldest first. */
  take(max: number): Quote[];

  /** Removes all quotes, uncounted. */
  clear(): void;
}
