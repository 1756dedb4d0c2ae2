import type { ConnectError } from "@connectrpc/connect";
import type {
  CommandResult,
  Cursor,
  CursorOutOfRange,
  Quote,
  QuotePhase,
  Subscription,
} from "../../gen/bourse/quote/v1/quote_pb.ts";

/** What a watch yields. */
export type WatchUpdate =
  /** A stream has begun: the first, or one that takes the place of a broken one. */
  | { readonly kind: "started"; readonly streamId: string; readonly subscriptions: readonly Subscription[] }
  | QuotesUpdate
  /** The snapshot or the replay is complete: what follows is live. */
  | { readonly kind: "caught-up" }
  | HeartbeatUpdate
  /** Quotes are missing, and nothing can bring them: a snapshot of the newest ones follows. */
  | { readonly kind: "reset"; readonly cause: CursorOutOfRange | undefined }
  /** A command holds from here on. */
  | { readonly kind: "result"; readonly result: CommandResult };

/** Quotes in order: of each symbol none older than one before, and none twice. Never empty. */
export interface QuotesUpdate {
  readonly kind: "quotes";
  readonly quotes: readonly Quote[];
  /** Why they come: as a snapshot, live, or as a replay. */
  readonly phase: QuotePhase;
  /** The places in them where quotes of a symbol are missing; mostly none. */
  readonly gaps: readonly Gap[];
  /** The stream's place after them, where it has one already: to go on from in another watch, later. */
  readonly cursor: Cursor | undefined;
}

/** Quotes of one symbol that were not received between two that were. */
export interface Gap {
  readonly symbol: string;
  /** The `instrument_seq` of the quote after the gap. */
  readonly before: bigint;
  /** How many quotes are missing. */
  readonly missing: bigint;
  /**
   * `skipped`: conflation, a rate, a pause or a reset may leave quotes out, and one of these was at work. `lost`: none
   * was, so that something is wrong on the way.
   */
  readonly cause: "skipped" | "lost";
}

/** The server's sign of life. */
export interface HeartbeatUpdate {
  readonly kind: "heartbeat";
  /** The quotes that wait on the server for this reader. */
  readonly queued: bigint;
  /** The quotes that conflation has skipped on this stream. */
  readonly conflated: bigint;
  /** How long the oldest of the waiting quotes has waited, in milliseconds. */
  readonly lagMs: number;
  /** The newest source time of the whole feed, in microseconds since 1970. Absent before the first quote. */
  readonly newestSourceTime: number | undefined;
  /** How many quotes are missing on this stream beyond those that the server says it has skipped: 0, or they are lost. */
  readonly unaccounted: bigint;
}

/** Where a watch is. */
export type WatchState =
  /** A call is under way that has not been answered. */
  | { readonly kind: "connecting" }
  /** Quotes come as they happen. */
  | { readonly kind: "live" }
  /** Quotes come that happened before. */
  | { readonly kind: "replaying" }
  /** Every subscription is paused. */
  | { readonly kind: "paused" }
  /** The stream was lost, for the reason given; the next attempt begins in so many milliseconds. */
  | {
      readonly kind: "retrying";
      readonly failures: number;
      readonly delayMs: number;
      readonly reason: ConnectError;
    };
