import { locale } from "./locale.ts";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

/** Writes a whole number with its thousands apart. */
export function formatCount(count: number | bigint): string {
  return whole.format(count);
}
