import type { Tick as AnyTick } from "../../../client/quote/tick.ts";
import type { Instrument } from "../../../gen/bourse/quote/v1/quote_pb.ts";

/** The maximum number of instruments of all feeds together: as many as one response of ListInstruments contains. */
export const maxInstruments = 10_000;

/** The maximum number of ticks per second of a feed that generates them: far more than one process can deliver. */
export const maxTicksPerSecond = 1_000_000;

/** A quote without a position in the log. */
export type Tick = AnyTick;

/** Publishes ticks in their order, as one batch. Returns when they are in the log. */
export type PublishTicks = (ticks: readonly Tick[]) => void;

/** A source of quotes. */
export interface QuoteFeed {
  /** The instruments that it quotes: at most {@link maxInstruments}, each symbol once. Never changes. */
  readonly instruments: readonly Instrument[];

  /**
   * Whether each tick is a bar: it sums up a span, usually a day, that begins at its time. Open, high, low and volume of
   * a bar are those of its span, not those of the session so far. Default: false.
   */
  readonly areBars?: boolean;

  /**
   * Publishes ticks until the feed ends or `signal` aborts, and resolves then. Publishes only ticks of its
   * instruments, those of one instrument in the order of their times (a feed that loops starts again with its first time), and
   * none after `signal` has aborted. Yields to the event loop between batches.
   *
   * Rejects with a {@link FeedError} if the source fails.
   */
  run(publish: PublishTicks, signal: AbortSignal): Promise<void>;
}

/** A feed cannot be opened, or has failed. The message is for the operator of the server. */
export class FeedError extends Error {
  override name = "FeedError";
}
