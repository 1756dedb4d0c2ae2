/** Returns the machine's monotonic clock in microseconds. Unlike `performance.now`, it is the same in all processes. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
