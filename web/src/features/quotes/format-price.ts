import { locale } from "../../shared/format-values.ts";

const defaultDecimals = 2; // most shares are quoted in cents
const maxDecimals = 8; // more decimals would show rounding errors of binary fractions

const formats = new Map<number, Intl.NumberFormat>();
const percent = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Returns the number of decimals for prices with a tick size; 2 if the tick size is unknown (0). */
export function priceDecimals(tickSize: number): number {
  if (!(tickSize > 0)) return defaultDecimals;
  for (let decimals = 0; decimals < maxDecimals; decimals++) {
    const steps = tickSize * 10 ** decimals;
    if (Math.abs(steps - Math.round(steps)) < 1e-6 && Math.round(steps) > 0) return decimals;
  }
  return maxDecimals;
}

/** Formats a price with a fixed number of decimals. */
export function formatPrice(price: number, decimals: number): string {
  return priceFormat(decimals).format(price);
}

/** A change since the previous close, formatted with a sign. */
export interface Change {
  readonly direction: "none" | "up" | "down";
  /** In units of the price. */
  readonly amount: string;
  /** In percent. */
  readonly percent: string;
}

/** Formats the change from the previous close to the last price. Returns undefined if one is missing or the close is 0. */
export function formatChange(
  last: number | undefined,
  previousClose: number | undefined,
  decimals: number,
): Change | undefined {
  if (last === undefined || previousClose === undefined || previousClose === 0) return undefined;
  const amount = priceFormat(decimals).format(Math.abs(last - previousClose));
  const share = percent.format(Math.abs((last - previousClose) / previousClose));
  const direction = !/[1-9]/.test(amount) ? "none" : last > previousClose ? "up" : "down";
  const sign = { none: "", up: "+", down: "−" }[direction];
  return { direction, amount: `${sign}${amount}`, percent: `${sign}${share}` };
}

function priceFormat(decimals: number): Intl.NumberFormat {
  const cached = formats.get(decimals);
  if (cached !== undefined) return cached;
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  formats.set(decimals, format);
  return format;
}
