/** The bottleneck of a rate. */
export type Bound =
  /** The server. */
  | "server"
  /** The load client. */
  | "client"
  /** Other programs used the server's core for much of the time. */
  | "machine";

/** The result of one workload of one peer: of one round, or the medians of all rounds. */
export interface Measurement {
  /** Operations or megabytes per second, KB per stream, milliseconds, seconds, or a ratio. */
  readonly value: number;
  /** The processor time of the server for one operation or megabyte, in microseconds. */
  readonly cpu: number | undefined;
  /** The bottleneck, if it was not the server. */
  readonly bound: Bound;
  /** The share of the due messages that was delivered in time, in the worst round. Only for workloads with a fixed rate. */
  readonly delivered?: number | undefined;
}
