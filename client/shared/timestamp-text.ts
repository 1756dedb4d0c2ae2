import { isValidTimestamp } from "./micro-time.ts";

/** The fields of a google.protobuf.Timestamp. */
export interface Instant {
  /** Since 1970-01-01T00:00:00Z. */
  readonly seconds: bigint;
  /** From 0 to 999,999,999. */
  readonly nanos: number;
}

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?: ?(Z|UTC|([+-])(\d\d):?(\d\d)))?)?$/i;

const nanoDigits = 9;

/**
 * Parses a time in RFC 3339, `2010-12-01T08:26:00Z`, and common variants: a space for the T, no seconds, no zone (UTC),
 * or a day (its start). Exact to the nanosecond. Undefined for any other text: a day that does not exist, a fraction below
 * a nanosecond, or a year outside 1 to 9999.
 */
export function parseTimestamp(text: string): Instant | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone, sign, hours, minutes] = match;
  const fine = fraction.replace(/0+$/, "");
  const midnight = dayStart(Number(year), Number(month), Number(day));
  if (midnight === undefined || fine.length > nanoDigits) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = zone === undefined || sign === undefined ? 0 : zoneSeconds(sign, Number(hours), Number(minutes));
  if (offset === undefined) return undefined;
  const seconds = midnight + (Number(hour) * 60 + Number(minute)) * 60 + Number(second) - offset;
  const instant = { seconds: BigInt(seconds), nanos: Number(fine.padEnd(nanoDigits, "0")) };
  return isValidTimestamp(instant) ? instant : undefined;
}

/** Formats a time exactly in RFC 3339, in UTC: `2010-12-01T08:26:00Z`, with 0, 3, 6 or 9 decimals of the second. */
export function formatTimestamp({ seconds, nanos }: Instant): string {
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, -".000Z".length);
  return `${text}${nanos === 0 ? "" : `.${formatFraction(nanos)}`}Z`;
}

function formatFraction(nanos: number): string {
  const digits = nanos.toString().padStart(nanoDigits, "0");
  if (digits.endsWith("000000")) return digits.slice(0, 3);
  return digits.endsWith("000") ? digits.slice(0, 6) : digits;
}

/** Returns the offset of a time zone from UTC, in seconds. Undefined if no zone has it: RFC 3339, section 5.6. */
export function zoneSeconds(sign: string, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60;
}

/** In seconds since 1970. Undefined if the day does not exist. */
function dayStart(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC would interpret the years 0 to 99 as 1900 to 1999
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() / 1000;
}
