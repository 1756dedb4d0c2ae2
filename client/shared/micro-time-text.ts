import { type MicroTime, microsPerDay, microsPerMilli, microsPerSecond } from "./micro-time.ts";
import { zoneSeconds } from "./timestamp-text.ts";

const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

const namedMonthPattern = /^([a-z]{3})[a-z]* (\d{1,2}),? (\d{4})$/i;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Parses a time in the formats of price files: ISO 8601 such as `2013-01-01 22:00:00.295000+00:00`, a day such as
 * `2000-01-03` (its start), or `Jan 1 2000`. Without a zone it is UTC. Truncates to microseconds. Undefined for any other
 * text.
 */
export function parseMicroTime(text: string): MicroTime | undefined {
  return parseIso(text) ?? parseNamedMonth(text);
}

/** Formats a time with microseconds: `2013-01-01T22:00:00.295000Z`. {@link parseMicroTime} reads it. */
export function formatMicroTime(time: MicroTime): string {
  const millis = Math.floor(time / microsPerMilli);
  const micros = String(time - millis * microsPerMilli).padStart(3, "0");
  return new Date(millis).toISOString().replace("Z", `${micros}Z`);
}

function parseIso(text: string): MicroTime | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const midnight = dayStart(Number(year), Number(month), Number(day));
  if (midnight === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = parseZone(zone);
  if (offset === undefined) return undefined;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second) - offset;
  const time = midnight + seconds * microsPerSecond + Number(fraction.slice(0, 6).padEnd(6, "0"));
  return time >= minTime && time < endTime ? time : undefined;
}

/** Returns the offset from UTC, in seconds. Undefined if no zone has it. */
function parseZone(zone: string): number | undefined {
  const [, sign, hours, minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return sign === undefined ? 0 : zoneSeconds(sign, Number(hours), Number(minutes));
}

function parseNamedMonth(text: string): MicroTime | undefined {
  const [, month = "", day, year] = namedMonthPattern.exec(text) ?? [];
  const index = months.indexOf(month.toLowerCase());
  return index < 0 ? undefined : dayStart(Number(year), index + 1, Number(day));
}

/** The years in which a {@link MicroTime} is exact. */
const [firstYear, lastYear] = [1700, 2250];
const minTime = Date.UTC(firstYear, 0, 1) * microsPerMilli;
const endTime = Date.UTC(lastYear + 1, 0, 1) * microsPerMilli;

/** Undefined if the day does not exist, or if a {@link MicroTime} would not be exact. */
function dayStart(year: number, month: number, day: number): MicroTime | undefined {
  if (year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1) return undefined;
  const first = Date.UTC(year, month - 1, 1) * microsPerMilli;
  const time = first + (day - 1) * microsPerDay;
  return time < Date.UTC(year, month, 1) * microsPerMilli ? time : undefined;
}
