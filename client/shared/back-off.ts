/** The longest that a first retry waits, in milliseconds: what is back at once is found at once. */
const firstDelayMs = 500;

/** The longest wait, in milliseconds: a server that came back is noticed within it. */
const longestDelayMs = 10_000;

/**
 * The wait before a retry, in milliseconds: anything from 0 to 0.5 s, which doubles for each failure up to 10 s. All of
 * it is chance, so that many clients that lost the same server do not come back at the same moment.
 *
 * @param failures how many attempts have failed in a row, from 1
 * @param random a number from 0 to below 1
 */
export function backOff(failures: number, random: number): number {
  return Math.round(Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 30)) * random);
}
