import { type Amount, formatAmount } from "../../../client/shared/money-text.ts";

/** The locale of all formatted numbers and times. The dashboard's language is English. */
export const locale = "en";

const wholeNumber = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

/** Formats an integer with thousands separators. */
export function formatCount(count: number | bigint): string {
  return wholeNumber.format(count);
}

const byteUnits = ["kB", "MB", "GB", "TB"] as const;
const threeDigits = new Intl.NumberFormat(locale, { minimumSignificantDigits: 2, maximumSignificantDigits: 3 });

/** Formats a number of bytes: `512 bytes`, `1.2 MB`. A kB has 1,000 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${formatCount(Math.floor(bytes))} ${bytes === 1 ? "byte" : "bytes"}`;
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${threeDigits.format(value)} ${byteUnits[unit]}`;
}

/** Formats a remaining time, rounded so that it changes rarely: `10 s left`, `3 min left`, `2 h 5 min left`. */
export function formatRemaining(millis: number): string {
  const seconds = Math.ceil(millis / 1_000);
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min left`;
  return `${Math.round(hours / 24)} days left`;
}

const timeOfDay = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/**
 * Formats a time in the browser's time zone: the time of day with milliseconds if it is on the same day as `now`, else
 * the date. Both arguments are in milliseconds since 1970.
 */
export function formatTime(millis: number, now: number): string {
  const date = new Date(millis);
  return date.toDateString() === new Date(now).toDateString() ? timeOfDay.format(date) : formatDate(date);
}

function formatDate(date: Date): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${date.getFullYear()}-${month}-${day}`;
}

/** Formats an amount of money exactly: it is never converted to floating point. */
export function formatMoney(money: Amount & { readonly currencyCode: string }): string {
  return formatDecimal(formatAmount(money), money.currencyCode);
}

/** Formats a decimal number of any length, such as `-11062.06`, with its currency, exactly. */
export function formatDecimal(decimal: string, currencyCode: string): string {
  const format = currencyFormat(currencyCode);
  // `Intl.NumberFormat.format` accepts a numeric string and keeps all its digits; the type requires a number literal.
  return format === undefined ? `${decimal} ${currencyCode}`.trim() : format.format(decimal as `${number}`);
}

const currencyFormats = new Map<string, Intl.NumberFormat>();

/** Returns undefined if the text is not a currency code. */
function currencyFormat(currency: string): Intl.NumberFormat | undefined {
  const cached = currencyFormats.get(currency);
  if (cached !== undefined || !/^[A-Z]{3}$/.test(currency)) return cached;
  const format = new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 9 });
  currencyFormats.set(currency, format);
  return format;
}
