/** What the server takes at a point in time. */
export interface MemorySample {
  /** Since the beginning, in seconds. */
  readonly seconds: number;
  /** Bytes. */
  readonly bytes: number;
}

/** Whether memory has stopped growing. */
export interface MemoryVerdict {
  readonly isFlat: boolean;
  /** By which part the straight line through the samples rises from its beginning to its end: 0.05 is 5 %. */
  readonly rise: number;
  /** The largest sample of the second half, by the largest of the first. */
  readonly peaks: number;
}

/** What rises by less is flat: where a line ends, and how high a peak is, depends on when garbage was collected. */
const maxRise = 0.05;

/** Fewer samples are not judged. */
const minSamples = 6;

/**
 * Judges memory after the warm-up: it is flat if the straight line through the samples rises little, or the peaks do. A
 * line that begins after a collection and ends before one rises although nothing grows. Throws a RangeError with too few
 * samples.
 */
export function judgeMemory(samples: readonly MemorySample[]): MemoryVerdict {
  if (samples.length < minSamples) {
    throw new RangeError(`${samples.length} samples are too few to judge: ${minSamples} are needed`);
  }
  const middle = samples.length >> 1;
  const peak = (some: readonly MemorySample[]) => Math.max(...some.map(({ bytes }) => bytes));
  const rise = riseOf(samples);
  const peaks = peak(samples.slice(middle)) / peak(samples.slice(0, middle));
  return { isFlat: rise < maxRise || peaks < 1 + maxRise, rise, peaks };
}

/** By least squares. */
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
