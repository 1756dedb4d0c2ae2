import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { fromTimestamp, systemClock, toDuration, toTimestamp } from "./micro-time.ts";

describe("toTimestamp", () => {
  it("keeps every microsecond", () => {
    expect(toTimestamp(1_357_077_600_295_001)).toMatchObject({ seconds: 1_357_077_600n, nanos: 295_001_000 });
  });

  it("has positive nanoseconds before 1970", () => {
    expect(toTimestamp(-1)).toMatchObject({ seconds: -1n, nanos: 999_999_000 });
  });
});

describe("fromTimestamp", () => {
  it.each([1_357_077_600_295_001, 0, -1, 8_000_000_000_000_000])("reverses toTimestamp for %d", (time) => {
    expect(fromTimestamp(toTimestamp(time))).toBe(time);
  });

  it("truncates to microseconds", () => {
    expect(fromTimestamp(timestamp(1n, 1_999))).toBe(1_000_001);
  });

  it.each([
    ["nanoseconds below 0", 0n, -1],
    ["nanoseconds beyond a second", 0n, 1_000_000_000],
    ["a time before the year 1", -62_135_596_801n, 0],
    ["a time after the year 9999", 253_402_300_800n, 0],
    ["a time that is not exact in microseconds", 253_402_300_799n, 0],
  ])("refuses %s", (_what, seconds, nanos) => {
    expect(fromTimestamp(timestamp(seconds, nanos))).toBeUndefined();
  });
});

function timestamp(seconds: bigint, nanos: number): Timestamp {
  return create(TimestampSchema, { seconds, nanos });
}

describe("toDuration", () => {
  it("splits a span into seconds and nanoseconds", () => {
    expect(toDuration(2_000_007)).toMatchObject({ seconds: 2n, nanos: 7_000 });
  });
});

describe("systemClock", () => {
  it("returns the time of the wall clock in whole microseconds", () => {
    const time = systemClock()();
    expect(Number.isSafeInteger(time)).toBe(true);
    expect(Math.abs(time / 1000 - Date.now())).toBeLessThan(1000);
  });
});
