/** The memory of the server at a point in time. */
export interface MemorySample {
  /** The time since the start, in seconds. */
  readonly seconds: number;
  /** The memory in bytes. */
  readonly bytes: number;
}

/** Whether memory has stopped growing. */
export interface MemoryVerdict {
  readonly isFlat: boolean;
  /** The growth of the fitted line from its start to its end, as a fraction: 0.05 is 5 %. */
  readonly rise: number;
  /** The ratio of the largest sample of the second half to the largest of the first half. */
  readonly peaks: number;
}

/** A smaller growth is flat, because the line and the peaks depend on the times of garbage collections. */
const maxRise = 0.05;

/** The minimum number of samples for a verdict. */
const minSamples = 6;

/**
 * Judges the memory after the warm-up. It is flat if the fitted line or the peaks grow little: a line that starts after
 * a garbage collection and ends before one grows without a leak. Throws a RangeError if there are too few samples.
 */
export function judgeMemory(samples: readonly MemorySample[]): MemoryVerdict {
  if (samples.length < minSamples) {
    throw new RangeError(`${samples.length} samples are too few for a verdict; at least ${minSamples} are necessary`);
  }
  const middle = samples.length >> 1;
  const peak = (some: readonly MemorySample[]) => Math.max(...some.map(({ bytes }) => bytes));
  const rise = riseOf(samples);
  const peaks = peak(samples.slice(middle)) / peak(samples.slice(0, middle));
  return { isFlat: rise < maxRise || peaks < 1 + maxRise, rise, peaks };
}

/** Fits a line by least squares. */
function riseOf(samples: readonly MemorySample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [seconds, bytes] = [samples.map((each) => each.seconds), samples.map((each) => each.bytes)];
  const [meanSeconds, meanBytes] = [mean(seconds), mean(bytes)];
  const covariance = mean(samples.map((each) => (each.seconds - meanSeconds) * (each.bytes - meanBytes)));
  const variance = mean(seconds.map((each) => (each - meanSeconds) ** 2));
  const slope = variance === 0 ? 0 : covariance / variance;
  const first = seconds[0] ?? 0;
  const start = meanBytes + slope * (first - meanSeconds);
  return (slope * ((seconds.at(-1) ?? 0) - first)) / start;
}
