/** What bounds a rate. */
export type Bound =
  /** The server. */
  | "server"
  /** The load client was at its own ceiling, and the server was not. */
  | "client"
  /** Other programs had the server's core for much of the time. */
  | "machine";

/** One peer's figures of one work: of one round, or the medians of all. */
export interface Measurement {
  /** Operations or megabytes a second, KB a stream, milliseconds, seconds, or times. */
  readonly value: number;
  /** Processor time of the server in microseconds, for each operation or megabyte. */
  readonly cpu: number | undefined;
  /** What kept the server from doing what it can, where that was not its own ceiling. */
  readonly bound: Bound;
  /** The share of the deliveries that were due that were made in time, of works that have a pace: the worst round's. */
  readonly delivered?: number | undefined;
}
