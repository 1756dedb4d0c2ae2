/** The outcome of a measurement. Both load clients print it as one line of JSON. */
export interface LoadResult {
  readonly seconds: number;
  /** The number of messages, deliveries, calls or megabytes. */
  readonly operations: number;
  /** Processor time of the server; 0 if the system does not report it. */
  readonly serverSeconds: number;
  /** The shares of the time in which the server and the load client ran or were ready to run. */
  readonly serverBusy: number;
  readonly clientBusy: number;
  /** From publishing to receipt, in milliseconds; of works that measure it only. */
  readonly delayP50?: number;
  readonly delayP99?: number;
  /** The share of the due deliveries that were made in time; only of works with a fixed pace. */
  readonly delivered?: number;
  /** The delay with a stalled subscriber divided by the delay without it; only of the work `stalled`. */
  readonly slowdown?: number;
}
