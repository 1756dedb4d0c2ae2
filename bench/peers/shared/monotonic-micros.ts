/** The machine's monotonic clock in microseconds: the same in all processes and runtimes, unlike `performance.now`. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
