import type { Instrument } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { MicroTime } from "./micro-time.ts";

/** The most instruments that feeds may have together: as many as ListInstruments answers at once. */
export const maxInstruments = 10_000;

/** The longest symbol, in bytes of UTF-8: the longest that a client may ask for. */
export const maxSymbolBytes = 64;

/**
 * A quote before it has its place in the log: the whole state of one instrument at one moment. Prices are in units of
 * the instrument's currency, sizes in units of the instrument; what is absent its source does not have.
 */
export interface Tick {
  readonly symbol: string;
  readonly sourceTime: MicroTime;
  readonly bid?: number;
  readonly ask?: number;
  readonly bidSize?: bigint;
  readonly askSize?: bigint;
  readonly last?: number;
  readonly lastSize?: bigint;
  readonly volume?: bigint;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly previousClose?: number;
}

/** Takes ticks that belong together, in their order. Returns when they are in the log. */
export type PublishTicks = (ticks: readonly Tick[]) => void;

/** Where quotes come from. */
export interface QuoteFeed {
  /** What it quotes: at most {@link maxInstruments}, each symbol once. Never changes. */
  readonly instruments: readonly Instrument[];

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
