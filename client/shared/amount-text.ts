/** An amount of money as google.type.Money has it, without the currency: nanos have the sign of the units. */
export interface Amount {
  readonly units: bigint;
  /** Billionths, from -999,999,999 to 999,999,999. */
  readonly nanos: number;
}

/** How many billionths there are in a unit. */
export const nanosPerUnit = 1_000_000_000n;

/** More digits before the point do not fit an int64 for sure. */
const maxUnitDigits = 18;

const nanoDigits = 9;

const pattern = new RegExp(`^(-?)(\\d{1,${maxUnitDigits}})(?:\\.(\\d+))?$`);

/**
 * Reads an amount as `2.55`, `-11062.06` or `3`: exactly, no digit is rounded away. Undefined where the text is anything
 * else, has a comma or an exponent, or is finer than a billionth.
 */
export function parseAmount(text: string): Amount | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", fraction = ""] = match;
  const fine = fraction.replace(/0+$/, "");
  if (fine.length > nanoDigits) return undefined;
  const units = BigInt(digits);
  const nanos = Number(fine.padEnd(nanoDigits, "0"));
  return sign === "-" ? { units: -units, nanos: 0 - nanos } : { units, nanos };
}

/** An amount in billionths. */
export function toNanos({ units, nanos }: Amount): bigint {
  return units * nanosPerUnit + BigInt(nanos);
}

/** The amount that so many billionths are. */
export function fromNanos(nanos: bigint): Amount {
  return { units: nanos / nanosPerUnit, nanos: Number(nanos % nanosPerUnit) };
}

/** Writes an amount exactly, with no more digits than it needs, so that {@link parseAmount} reads it: `2.55`, `-3`. */
export function formatAmount({ units, nanos }: Amount): string {
  if (nanos === 0) return units.toString();
  const sign = nanos < 0 || units < 0n ? "-" : "";
  const whole = units < 0n ? -units : units;
  const fraction = Math.abs(nanos).toString().padStart(nanoDigits, "0").replace(/0+$/, "");
  return `${sign}${whole}.${fraction}`;
}
