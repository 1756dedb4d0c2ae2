/** How long to wait before the first retry, in milliseconds. */
export const firstDelayMs = 500;

/** The longest wait, in milliseconds: a server that came back is noticed within it. */
export const longestDelayMs = 10_000;

/**
 * The wait before a retry, in milliseconds: 0.5 s, doubled for each failure, up to 10 s, of which a random half is
 * taken off so that many clients do not come back at the same moment.
 *
 * @param failures how many attempts have failed in a row, from 1
 * @param random a number from 0 to below 1
 */
export function backOff(failures: number, random: number): number {
  const full = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - random / 2));
}
