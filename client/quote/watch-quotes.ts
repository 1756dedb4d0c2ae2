import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { CommandResult, CursorSchema, PauseMode, SlowReaderPolicy } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import type { Timers } from "../shared/timers.ts";
import { ResumableWatch } from "./resumable-watch.ts";
import type { WatchState, WatchUpdate } from "./watch-update.ts";

export interface WatchQuotesOptions {
  /** What to watch, `*` for all instruments. Where it is empty nothing is asked for until `subscribe`. */
  readonly symbols: readonly string[];
  /** What becomes of quotes that this reader is too slow for. Default: CONFLATE. */
  readonly policy?: SlowReaderPolicy;
  /** The most quotes a second of each symbol. Default: no limit. */
  readonly maxRate?: number;
  /** Where to begin: with a snapshot (the default), with the oldest quote that the server holds, or after a place. */
  readonly from?: "snapshot" | "oldest" | MessageInitShape<typeof CursorSchema>;
  /** Whether to go on with a snapshot, after a `reset`, where the place cannot be resumed from. Default: true. */
  readonly resetIfOutOfRange?: boolean;
  /** How often the server is to give a sign of life, in milliseconds. Default: 5,000. After twice that it counts as lost. */
  readonly heartbeatMs?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Takes each state, once whenever it changes. */
  readonly onState?: (state: WatchState) => void;
  /** Takes the headers of each stream. */
  readonly onHeader?: (header: Headers) => void;
  /** Takes the trailers of each stream that ended with some. */
  readonly onTrailer?: (trailer: Headers) => void;
  /** Default: the platform's. */
  readonly timers?: Timers;
  /** Numbers from 0 to below 1. Default: Math.random. */
  readonly random?: () => number;
}

/**
 * Quotes, and what happens to them. To be iterated once; leaving the loop ends the watch. It reads on only when the loop
 * asks, so that a slow loop is a slow reader, whom the server treats as the policy says.
 *
 * The commands hold from some point on in what is yielded, and for every stream that takes the place of a broken one.
 * Their promises resolve when the server has answered, which may be after another stream has begun; they reject with
 * what the server refuses the command with, and with CANCELED where the watch ends before. They may be given from inside
 * the loop, but not awaited there unless the loop goes on meanwhile.
 */
export interface QuotesWatch extends AsyncIterable<WatchUpdate> {
  /** The place that the loop has got to. Undefined until there is one. */
  readonly cursor: MessageInitShape<typeof CursorSchema> | undefined;
  /** Adds symbols. Each gets a snapshot. */
  subscribe(symbols: readonly string[], maxRate?: number): Promise<CommandResult>;
  /** Takes symbols off. */
  unsubscribe(symbols: readonly string[]): Promise<CommandResult>;
  /** Holds the quotes of symbols back. */
  pause(symbols: readonly string[], mode?: PauseMode): Promise<CommandResult>;
  /** Lets them come again; the result tells how many were skipped. */
  resume(symbols: readonly string[]): Promise<CommandResult>;
  /** Limits the quotes a second of symbols; undefined: no limit. */
  setRate(symbols: readonly string[], maxRate: number | undefined): Promise<CommandResult>;
  /** Lists what is subscribed to, and how. */
  list(): Promise<CommandResult>;
  /** How long the server takes to answer, in milliseconds. */
  ping(): Promise<number>;
  /** Cuts the wait for the next attempt short, where there is one. */
  retry(): void;
  /** Ends the watch, and the loop. */
  close(): void;
}

/**
 * Watches quotes for as long as it takes: a stream that breaks, falls silent or is ended by the server is taken up again
 * where it was, after a while that grows. What comes is checked: nothing older follows newer, nothing comes twice, and
 * where something is missing that is told. Runs in browsers and in Node, on any Connect transport.
 *
 * Throws what another attempt cannot mend, such as INVALID_ARGUMENT or UNAUTHENTICATED. Ends without an error when the
 * signal aborts or `close` is called.
 */
export function watchQuotes(
  client: Pick<Client<typeof QuoteService>, "watchQuotes" | "updateWatch">,
  options: WatchQuotesOptions,
): QuotesWatch {
  return new ResumableWatch(client, options);
}
