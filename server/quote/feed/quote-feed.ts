import type { Tick as AnyTick } from "../../../client/quote/tick.ts";
import type { Instrument } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** The most instruments that feeds may have together: as many as ListInstruments answers at once. */
export const maxInstruments = 10_000;

/** A quote before it has its place in the log. */
export type Tick = AnyTick;

/** Takes ticks that belong together, in their order. Returns when they are in the log. */
export type PublishTicks = (ticks: readonly Tick[]) => void;

/** Where quotes come from. */
export interface QuoteFeed {
  /** What it quotes: at most {@link maxInstruments}, each symbol once. Never changes. */
  readonly instruments: readonly Instrument[];

  /**
   * Whether each tick sums up a span that begins at its time, a day as a rule: then its open, high, low and volume are
   * those of the span, and not those of the session so far. Absent: it does not.
   */
  readonly areBars?: boolean;

  /**
   * Publishes ticks until the feed ends or `signal` aborts, and resolves then. Publishes only ticks of its
   * instruments, each instrument's in the order of their times (a feed that repeats itself starts its times again),
   * and nothing once `signal` has aborted. Gives the event loop a turn between batches.
   *
   * Rejects with a {@link FeedError} where the source fails.
   */
  run(publish: PublishTicks, signal: AbortSignal): Promise<void>;
}

/** A feed cannot be opened or cannot go on. The message is for whoever runs the server. */
export class FeedError extends Error {
  override name = "FeedError";
}
