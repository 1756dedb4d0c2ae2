import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTimestamp, type Instant, parseTimestamp } from "./timestamp-text.ts";

const opening = 1_291_191_960n; // 2010-12-01T08:26:00Z

const instants = fc.record({
  seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
});

describe("parseTimestamp", () => {
  it.each<[string, Instant]>([
    ["2010-12-01 08:26:00", { seconds: opening, nanos: 0 }],
    ["2010-12-01T08:26:00Z", { seconds: opening, nanos: 0 }],
    ["2010-12-01t08:26:00.000z", { seconds: opening, nanos: 0 }],
    ["2010-12-01 08:26", { seconds: opening, nanos: 0 }],
    ["2010-12-01 08:26:00 UTC", { seconds: opening, nanos: 0 }],
    ["2010-12-01T10:26:00+02:00", { seconds: opening, nanos: 0 }],
    ["2010-12-01T02:56:00-0530", { seconds: opening, nanos: 0 }],
    ["2010-12-01", { seconds: opening - 30_360n, nanos: 0 }],
    ["2010-12-01T08:26:00.000000001Z", { seconds: opening, nanos: 1 }],
    ["1969-12-31T23:59:59.5Z", { seconds: -1n, nanos: 500_000_000 }],
    ["0001-01-01T00:00:00Z", { seconds: -62_135_596_800n, nanos: 0 }],
  ])("reads %s", (text, instant) => {
    expect(parseTimestamp(text)).toEqual(instant);
  });

  it.each([
    "",
    "12/1/2010 8:26",
    "2010-12-1 08:26:00",
    "2010-02-29",
    "2010-13-01",
    "2010-12-01 24:00:00",
    "2010-12-01 08:60:00",
    "2010-12-01T08:26:00+24:00",
    "2010-12-01T08:26:00.0000000001Z",
    "0000-12-31T23:59:59Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "2010-12-01Z",
    "1291191960",
  ])("refuses %j", (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it("reads what formatTimestamp writes", () => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(parseTimestamp(formatTimestamp(instant))).toEqual(instant);
      }),
    );
  });
});

describe("formatTimestamp", () => {
  it.each<[Instant, string]>([
    [{ seconds: opening, nanos: 0 }, "2010-12-01T08:26:00Z"],
    [{ seconds: opening, nanos: 500_000_000 }, "2010-12-01T08:26:00.500Z"],
    [{ seconds: opening, nanos: 1_000 }, "2010-12-01T08:26:00.000001Z"],
    [{ seconds: opening, nanos: 1 }, "2010-12-01T08:26:00.000000001Z"],
    [{ seconds: -1n, nanos: 0 }, "1969-12-31T23:59:59Z"],
  ])("writes %o as %s", (instant, text) => {
    expect(formatTimestamp(instant)).toBe(text);
  });
});
