import { describe, expect, it } from "vitest";
import type { Tick } from "../feed/quote-feed.ts";
import { VolumeMeter } from "./volume-meter.ts";

const tick = (fields: Partial<Tick>): Tick => ({ symbol: "A", sourceTime: 0, last: 1, ...fields });

function volumes(...ticks: readonly Partial<Tick>[]) {
  const meter = new VolumeMeter();
  return ticks.map((fields) => meter.add(tick(fields), false));
}

describe("VolumeMeter", () => {
  it("returns the increase of the session's volume, and 0 for the first tick", () => {
    expect(volumes({ volume: 900n }, { volume: 1000n }, { volume: 1000n }, { volume: 1001n })).toEqual([
      0n,
      100n,
      0n,
      1n,
    ]);
  });

  it("prefers the session's volume to the size of a trade", () => {
    expect(volumes({ volume: 900n, lastSize: 5n }, { volume: 1000n, lastSize: 6n })).toEqual([0n, 100n]);
  });

  it("starts a new session if the volume falls", () => {
    expect(volumes({ volume: 900n }, { volume: 30n }, { volume: 40n })).toEqual([0n, 30n, 10n]);
  });

  it.each([
    ["opening price", { open: 1 }, { open: 2 }],
    ["previous close", { previousClose: 1 }, { previousClose: 2 }],
  ])("starts a new session if the %s changes, although the volume has grown", (_what, one, two) => {
    const ticks = [{ ...one, volume: 10n }, { ...two, volume: 50n }, { ...two, volume: 60n }, { volume: 65n }];
    expect(volumes(...ticks)).toEqual([0n, 50n, 10n, 5n]);
  });

  it("starts a new session if the opening price differs from the last known one", () => {
    const ticks = [{ open: 5, volume: 1000n }, { volume: 1000n }, { open: 6, volume: 1500n }];
    expect(volumes(...ticks)).toEqual([0n, 0n, 1500n]);
  });

  it("does not add trades to a session's volume, which contains them", () => {
    expect(volumes({ volume: 1000n }, { lastSize: 100n }, { volume: 1100n })).toEqual([0n, 0n, 100n]);
  });

  it("adds up trades again if a stored volume is no longer valid", () => {
    const meter = new VolumeMeter();
    meter.restore(100n, 50);
    expect(meter.add(tick({ lastSize: 7n, sourceTime: 49 }), false)).toBe(0n);
    expect(meter.add(tick({ lastSize: 7n, sourceTime: 50 }), false)).toBe(7n);
  });

  it("adds up the trades without bid and ask if there is no session volume", () => {
    expect(volumes({ lastSize: 5n }, { lastSize: 5n }, { lastSize: 7n })).toEqual([5n, 5n, 7n]);
  });

  it("counts a trade with a bid or an ask if it differs from the previous one", () => {
    const ticks = [
      { bid: 1, last: 1, lastSize: 5n },
      { bid: 2, last: 1, lastSize: 5n },
      { bid: 2, last: 1, lastSize: 6n },
      { bid: 2, last: 2, lastSize: 6n },
    ];
    expect(volumes(...ticks)).toEqual([0n, 0n, 6n, 6n]);
  });

  it("returns undefined if the source has no volume", () => {
    expect(volumes({}, { bid: 1, lastSize: 3n, last: undefined })).toEqual([undefined, undefined]);
  });

  it("ignores the session's volume of a late tick", () => {
    const meter = new VolumeMeter();
    meter.add(tick({ volume: 100n }), false);
    expect(meter.add(tick({ volume: 80n }), true)).toBe(0n);
    expect(meter.add(tick({ lastSize: 20n }), true)).toBe(0n);
    expect(meter.add(tick({ volume: 110n }), false)).toBe(10n);
  });

  it("continues a stored volume if it is recent", () => {
    const [soon, late] = [new VolumeMeter(), new VolumeMeter()];
    for (const meter of [soon, late]) meter.restore(100n, 50);
    expect(soon.add(tick({ volume: 130n, sourceTime: 49 }), false)).toBe(30n);
    expect(late.add(tick({ volume: 130n, sourceTime: 50 }), false)).toBe(0n);
    expect(late.add(tick({ volume: 131n, sourceTime: 99 }), false)).toBe(1n);
  });
});
