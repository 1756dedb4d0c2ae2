import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MoneySchema } from "../../gen/google/type/money_pb.ts";

/** An amount of money: a google.type.Money without its currency. Nanos have the sign of the units. */
export interface Amount {
  readonly units: bigint;
  /** Billionths, from -999,999,999 to 999,999,999. */
  readonly nanos: number;
}

/** Nanos per unit. */
export const nanosPerUnit = 1_000_000_000n;

/** The maximum number of digits of units. A number of 18 digits fits into an int64. */
const maxUnitDigits = 18;

const nanoDigits = 9;

const amountPattern = new RegExp(`^(-?)(\\d{1,${maxUnitDigits}})(?:\\.(\\d+))?$`);

/**
 * Parses an amount such as `2.55`, `-11062.06` or `3`, without rounding. Undefined for any other text: one with a comma
 * or an exponent, or with a fraction below a billionth.
 */
export function parseAmount(text: string): Amount | undefined {
  const match = amountPattern.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", decimals = ""] = match;
  const fraction = decimals.replace(/0+$/, "");
  if (fraction.length > nanoDigits) return undefined;
  const units = BigInt(digits);
  const nanos = Number(fraction.padEnd(nanoDigits, "0"));
  return sign === "-" ? { units: -units, nanos: 0 - nanos } : { units, nanos };
}

/** Formats an amount exactly, without trailing zeros: `2.55`, `-3`. {@link parseAmount} reads it. */
export function formatAmount({ units, nanos }: Amount): string {
  if (nanos === 0) return units.toString();
  const sign = nanos < 0 || units < 0n ? "-" : "";
  const whole = units < 0n ? -units : units;
  const fraction = Math.abs(nanos).toString().padStart(nanoDigits, "0").replace(/0+$/, "");
  return `${sign}${whole}.${fraction}`;
}

/** Converts an amount to nanos. */
export function toNanos({ units, nanos }: Amount): bigint {
  return units * nanosPerUnit + BigInt(nanos);
}

/** Converts nanos to an amount. */
export function fromNanos(nanos: bigint): Amount {
  return { units: nanos / nanosPerUnit, nanos: Number(nanos % nanosPerUnit) };
}

/**
 * Parses a price such as `49.90` exactly: not negative, with at most nine decimal places.
 *
 * Throws an error whose message describes a valid price, to be followed by `, not …`.
 */
export function parseMoney(text: string, currencyCode: string): MessageInitShape<typeof MoneySchema> {
  const amount = parseAmount(text.trim());
  if (amount === undefined || amount.units < 0n || amount.nanos < 0) {
    throw new Error("expected an amount such as 49.90, not negative and with at most nine decimal places");
  }
  return { currencyCode, ...amount };
}

/** Formats money exactly, with two decimal places or more, as in `49.90 EUR`. */
export function formatMoney({ currencyCode, units, nanos }: Amount & { readonly currencyCode: string }): string {
  const [whole = "", decimals = ""] = formatAmount({ units, nanos }).split(".");
  return `${whole}.${decimals.padEnd(2, "0")} ${currencyCode}`;
}
