import { locale } from "./locale.ts";

const ofDay = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/**
 * Writes a moment in the browser's time zone: the time of day with milliseconds where it is of the same day as `now`,
 * else the date. Both are in milliseconds since 1970.
 */
export function formatTime(moment: number, now: number): string {
  const date = new Date(moment);
  return date.toDateString() === new Date(now).toDateString() ? ofDay.format(date) : isoDate(date);
}

function isoDate(date: Date): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${date.getFullYear()}-${month}-${day}`;
}
