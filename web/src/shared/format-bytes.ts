import { locale } from "./locale.ts";

const units = ["kB", "MB", "GB", "TB"] as const;
const short = new Intl.NumberFormat(locale, { minimumSignificantDigits: 2, maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat(locale);

/** Writes a number of bytes for people: `512 bytes`, `1.2 MB`. A kB is 1,000 bytes, as on the disks that are sold. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${whole.format(Math.floor(bytes))} ${bytes === 1 ? "byte" : "bytes"}`;
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${short.format(value)} ${units[unit]}`;
}
