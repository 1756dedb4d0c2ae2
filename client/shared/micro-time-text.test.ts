import { describe, expect, it } from "vitest";
import { formatMicroTime, parseMicroTime } from "./micro-time-text.ts";

const evening = 1_357_077_600_295_000; // 2013-01-01T22:00:00.295Z

describe("parseMicroTime", () => {
  it.each([
    ["2013-01-01 22:00:00.295000+00:00", evening],
    ["2013-01-01 22:00:00.295001+00:00", evening + 1],
    ["2013-01-01T22:00:00.295Z", evening],
    ["2013-01-01T22:00:00.2950009Z", evening],
    ["2013-01-02T00:00:00.295+02:00", evening],
    ["2013-01-01 16:30:00.295 -0530", evening],
    ["2013-01-01 22:00:00", evening - 295_000],
    ["2013-01-01 22:00", evening - 295_000],
    ["2000-01-03", 946_857_600_000_000],
    ["2000-02-29", 951_782_400_000_000],
    ["Jan 1 2000", 946_684_800_000_000],
    ["January 1, 2000", 946_684_800_000_000],
    ["1969-12-31", -86_400_000_000],
  ])("reads %s", (text, time) => expect(parseMicroTime(text)).toBe(time));

  it.each([
    "",
    "yesterday",
    "2001-02-29",
    "2001-13-01",
    "2001-00-01",
    "2001-01-01 24:00",
    "2001-01-01T00:00+24",
    "2001-01-01T00:00+05:60",
    "1700-01-01T00:00+05",
    "Jan 32 2000",
    "Foo 1 2000",
  ])("refuses %j", (text) => expect(parseMicroTime(text)).toBeUndefined());
});

describe("formatMicroTime", () => {
  it.each([
    [evening + 1, "2013-01-01T22:00:00.295001Z"],
    [0, "1970-01-01T00:00:00.000000Z"],
    [-1, "1969-12-31T23:59:59.999999Z"],
  ])("writes %d as %s, and parseMicroTime reads it", (time, text) => {
    expect(formatMicroTime(time)).toBe(text);
    expect(parseMicroTime(text)).toBe(time);
  });
});
