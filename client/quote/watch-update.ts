import type {
  CommandResult,
  Cursor,
  CursorOutOfRange,
  Quote,
  QuotePhase,
  Subscription,
} from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { CallState } from "../shared/call-retry-tracker.ts";

/** An event of a watch. */
export type WatchUpdate =
  /** A stream has started: the first one, or one after a reconnect. */
  | { readonly kind: "started"; readonly streamId: string; readonly subscriptions: readonly Subscription[] }
  | QuotesUpdate
  /** The snapshot or the replay is complete. The following quotes are live. */
  | { readonly kind: "caught-up" }
  | HeartbeatUpdate
  /** Quotes are missing, and the server no longer has them. A snapshot follows. */
  | { readonly kind: "reset"; readonly cause: CursorOutOfRange | undefined }
  /** A command takes effect here. */
  | { readonly kind: "result"; readonly result: CommandResult };

/** One or more quotes. Those of a symbol are in order, and none arrives twice. */
export interface QuotesUpdate {
  readonly kind: "quotes";
  readonly quotes: readonly Quote[];
  /** Whether they belong to a snapshot, to a replay, or are live. */
  readonly phase: QuotePhase;
  /** The gaps before some of the quotes. Usually empty. */
  readonly gaps: readonly Gap[];
  /** The cursor after the quotes. Another watch can resume from it. Undefined before the snapshot is complete. */
  readonly cursor: Cursor | undefined;
}

/** A gap in the quotes of one symbol. */
export interface Gap {
  readonly symbol: string;
  /** The `instrument_seq` of the quote after the gap. */
  readonly before: bigint;
  /** The number of missing quotes. */
  readonly missing: bigint;
  /**
   * `skipped`: conflation, a rate limit, a pause or a reset explains the gap. `lost`: nothing explains it, so there is a
   * defect between the feed and this client.
   */
  readonly cause: "skipped" | "lost";
}

/** A heartbeat of the server. */
export interface HeartbeatUpdate {
  readonly kind: "heartbeat";
  /** The number of quotes in the server's send queue for this stream. */
  readonly queued: bigint;
  /** The number of quotes that this stream has skipped, except those skipped by pauses. */
  readonly conflated: bigint;
  /** The age of the oldest quote in the send queue, in milliseconds. */
  readonly lagMs: number;
  /** The newest source time of all published quotes, TEST included, in microseconds since 1970. Undefined: there is none. */
  readonly newestSourceTime: number | undefined;
  /** The number of missing quotes in this stream that the server has not counted as skipped. More than 0: quotes are lost. */
  readonly unexplained: bigint;
}

/** The states of a watch whose stream works. `paused`: all subscriptions are paused. */
export type WatchProgress = "live" | "replaying" | "paused";

/** The state of a watch: of its stream, or of the wait for the next one. */
export type WatchState = CallState<WatchProgress>;
