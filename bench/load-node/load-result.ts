/** What happened while a load client measured. Both load clients print it, as one line of JSON. */
export interface LoadResult {
  readonly seconds: number;
  /** How many messages, deliveries, calls or megabytes there were. */
  readonly operations: number;
  /** Processor time of the server; 0 if the system does not report it. */
  readonly serverSeconds: number;
  /** The shares of the time in which the server and the load client ran or were ready to run. */
  readonly serverBusy: number;
  readonly clientBusy: number;
  /** From publishing to receipt, in milliseconds; of works that measure it only. */
  readonly delayP50?: number;
  readonly delayP99?: number;
  /** The share of the deliveries that were due in that time that were made in it; of works that have a pace only. */
  readonly delivered?: number;
  /** How many times longer the delay was with what is measured than without; of the work `stalled` only. */
  readonly slowdown?: number;
}
