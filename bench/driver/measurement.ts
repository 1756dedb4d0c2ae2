/** The bottleneck of a rate. */
export type Bound =
  /** The server. */
  | "server"
  /** The load client was the bottleneck. */
  | "client"
  /** Other programs had the server's core for much of the time. */
  | "machine";

/** One peer's figures of one work: of one round, or the medians of all. */
export interface Measurement {
  /** Operations or megabytes a second, KB a stream, milliseconds, seconds, or times. */
  readonly value: number;
  /** Processor time of the server in microseconds, for each operation or megabyte. */
  readonly cpu: number | undefined;
  /** The bottleneck, if it was not the server. */
  readonly bound: Bound;
  /** The share of the due deliveries that were made in time, of the worst round; only for works with a fixed pace. */
  readonly delivered?: number | undefined;
}
