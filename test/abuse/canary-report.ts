/** What the canary has seen since its last report. */
export interface CanaryReport {
  /** Streams that ended, quotes that were skipped, calls that failed: a sentence each. */
  readonly losses: string[];
  quotes: number;
  heartbeats: number;
  calls: number;
  /** The longest that any stream was without a message. */
  longestIdleMs: number;
  slowestCallMs: number;
  /** How long the oldest call that is not answered has waited by now. */
  readonly longestWaitMs: number;
  /** The calls that took longer than usual, by which the server's pauses are dated. */
  readonly slowCalls: SlowCall[];
}

/** A slow call of the canary. */
export interface SlowCall {
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** A message of the canary's process to its tests; it is watching once all its streams have caught up. */
export type CanaryMessage = { readonly kind: "watching" } | ({ readonly kind: "report" } & CanaryReport);
