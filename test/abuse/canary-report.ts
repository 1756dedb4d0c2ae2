/** The observations of the canary since its last report. */
export interface CanaryReport {
  /** Ended streams, skipped quotes and failed calls, a sentence each. */
  readonly losses: string[];
  quotes: number;
  heartbeats: number;
  calls: number;
  /** The longest time of a stream without a message. */
  longestIdleMs: number;
  slowestCallMs: number;
  /** The time for which the oldest pending call has waited. */
  readonly longestWaitMs: number;
  /** The slow calls, which show when the server paused. */
  readonly slowCalls: SlowCall[];
}

/** A slow call of the canary. */
export interface SlowCall {
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** A message from the canary's process to the tests. It sends `watching` after all its streams have caught up. */
export type CanaryMessage = { readonly kind: "watching" } | ({ readonly kind: "report" } & CanaryReport);
