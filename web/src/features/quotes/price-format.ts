import { locale } from "../../shared/locale.ts";

// Most shares are quoted to the cent.
const usualDecimals = 2;
// Finer than this is noise of binary fractions.
const maxDecimals = 8;

const formats = new Map<number, Intl.NumberFormat>();
const percent = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** How many decimals prices have that move in steps of `tickSize`; 2 where the step is unknown (0). */
export function decimalsOf(tickSize: number): number {
  if (!(tickSize > 0)) return usualDecimals;
  for (let decimals = 0; decimals < maxDecimals; decimals++) {
    const steps = tickSize * 10 ** decimals;
    if (Math.abs(steps - Math.round(steps)) < 1e-6 && Math.round(steps) > 0) return decimals;
  }
  return maxDecimals;
}

/** Writes a price with a fixed number of decimals. */
export function formatPrice(price: number, decimals: number): string {
  return formatOf(decimals).format(price);
}

/** A change against the session before. */
export interface Change {
  readonly direction: "none" | "up" | "down";
  /** In units of the price, signed. */
  readonly amount: string;
  /** In percent, signed. */
  readonly percent: string;
}

/** Writes the change from a previous close to the last price. Undefined where either is missing or the close is 0. */
export function changeOf(
  last: number | undefined,
  previousClose: number | undefined,
  decimals: number,
): Change | undefined {
  if (last === undefined || previousClose === undefined || previousClose === 0) return undefined;
  const amount = formatOf(decimals).format(Math.abs(last - previousClose));
  const share = percent.format(Math.abs((last - previousClose) / previousClose));
  const direction = !/[1-9]/.test(amount) ? "none" : last > previousClose ? "up" : "down";
  const sign = { none: "", up: "+", down: "−" }[direction];
  return { direction, amount: `${sign}${amount}`, percent: `${sign}${share}` };
}

function formatOf(decimals: number): Intl.NumberFormat {
  const known = formats.get(decimals);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  formats.set(decimals, made);
  return made;
}
