/** The outcome of a measurement. Both load clients print it as one line of JSON. */
export interface LoadResult {
  readonly seconds: number;
  /** The number of messages, deliveries, calls or megabytes. */
  readonly operations: number;
  /** The processor time of the server in seconds. 0 if the system does not report it. */
  readonly serverSeconds: number;
  /** The shares of the time in which the server and the load client ran or were ready to run. */
  readonly serverBusy: number;
  readonly clientBusy: number;
  /** The delay from publishing to receipt, in milliseconds. Only of workloads that measure it. */
  readonly delayP50?: number;
  readonly delayP99?: number;
  /** The share of the due messages that was delivered in time. Only of workloads with a fixed rate. */
  readonly delivered?: number;
  /** The delay with a stalled subscriber divided by the delay without one. Only of the workload `stalled`. */
  readonly slowdown?: number;
}
