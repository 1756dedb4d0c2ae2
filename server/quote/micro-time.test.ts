import { describe, expect, it } from "vitest";
import { monotonicClock, systemClock, toDuration, toTimestamp } from "./micro-time.ts";

describe("toTimestamp", () => {
  it("keeps every microsecond", () => {
    expect(toTimestamp(1_357_077_600_295_001)).toMatchObject({ seconds: 1_357_077_600n, nanos: 295_001_000 });
  });

  it("counts nanoseconds forward before 1970", () => {
    expect(toTimestamp(-1)).toMatchObject({ seconds: -1n, nanos: 999_999_000 });
  });
});

describe("toDuration", () => {
  it("splits a span into seconds and nanoseconds", () => {
    expect(toDuration(2_000_007)).toMatchObject({ seconds: 2n, nanos: 7_000 });
  });
});

describe("systemClock", () => {
  it("tells the wall clock's time in whole microseconds", () => {
    const time = systemClock()();
    expect(Number.isSafeInteger(time)).toBe(true);
    expect(Math.abs(time / 1000 - Date.now())).toBeLessThan(1000);
  });
});

describe("monotonicClock", () => {
  it("never runs back", () => {
    const times = Array.from({ length: 1000 }, monotonicClock);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});
