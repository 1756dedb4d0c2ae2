import { describe, expect, it } from "vitest";
import type { Tick } from "../feed/quote-feed.ts";
import { VolumeMeter } from "./volume-meter.ts";

const tick = (fields: Partial<Tick>): Tick => ({ symbol: "A", sourceTime: 0, last: 1, ...fields });

function taken(...ticks: readonly Partial<Tick>[]) {
  const meter = new VolumeMeter();
  return ticks.map((fields) => meter.take(tick(fields), false));
}

describe("VolumeMeter", () => {
  it("takes the difference of the session's volume; nothing is known of what was before the first tick", () => {
    expect(taken({ volume: 900n }, { volume: 1000n }, { volume: 1000n }, { volume: 1001n })).toEqual([
      0n,
      100n,
      0n,
      1n,
    ]);
  });

  it("prefers the session's volume to the size of a trade", () => {
    expect(taken({ volume: 900n, lastSize: 5n }, { volume: 1000n, lastSize: 6n })).toEqual([0n, 100n]);
  });

  it("begins again where the volume falls: a session has begun", () => {
    expect(taken({ volume: 900n }, { volume: 30n }, { volume: 40n })).toEqual([0n, 30n, 10n]);
  });

  it.each([
    ["opening price", { open: 1 }, { open: 2 }],
    ["previous close", { previousClose: 1 }, { previousClose: 2 }],
  ])("begins again where the %s changes, though the volume has grown beyond the one before", (_what, one, two) => {
    const ticks = [{ ...one, volume: 10n }, { ...two, volume: 50n }, { ...two, volume: 60n }, { volume: 65n }];
    expect(taken(...ticks)).toEqual([0n, 50n, 10n, 5n]);
  });

  it("begins again where the opening price is another than the newest that was told", () => {
    const ticks = [{ open: 5, volume: 1000n }, { volume: 1000n }, { open: 6, volume: 1500n }];
    expect(taken(...ticks)).toEqual([0n, 0n, 1500n]);
  });

  it("adds no trades to a session's volume, which has them already", () => {
    expect(taken({ volume: 1000n }, { lastSize: 100n }, { volume: 1100n })).toEqual([0n, 0n, 100n]);
  });

  it("adds up trades again where a stored volume no longer counts", () => {
    const meter = new VolumeMeter();
    meter.restore(100n, 50);
    expect(meter.take(tick({ lastSize: 7n, sourceTime: 49 }), false)).toBe(0n);
    expect(meter.take(tick({ lastSize: 7n, sourceTime: 50 }), false)).toBe(7n);
  });

  it("adds up trades where there is no volume of the session: each that comes without a bid and an ask", () => {
    expect(taken({ lastSize: 5n }, { lastSize: 5n }, { lastSize: 7n })).toEqual([5n, 5n, 7n]);
  });

  it("takes a trade beside a bid or an ask for new where it differs from the one before", () => {
    const ticks = [
      { bid: 1, last: 1, lastSize: 5n },
      { bid: 2, last: 1, lastSize: 5n },
      { bid: 2, last: 1, lastSize: 6n },
      { bid: 2, last: 2, lastSize: 6n },
    ];
    expect(taken(...ticks)).toEqual([0n, 0n, 6n, 6n]);
  });

  it("tells nothing where the source does not", () => {
    expect(taken({}, { bid: 1, lastSize: 3n, last: undefined })).toEqual([undefined, undefined]);
  });

  it("takes no difference from a late tick, and none to it", () => {
    const meter = new VolumeMeter();
    meter.take(tick({ volume: 100n }), false);
    expect(meter.take(tick({ volume: 80n }), true)).toBe(0n);
    expect(meter.take(tick({ lastSize: 20n }), true)).toBe(0n);
    expect(meter.take(tick({ volume: 110n }), false)).toBe(10n);
  });

  it("goes on with a stored volume, if not too much time has passed", () => {
    const [soon, late] = [new VolumeMeter(), new VolumeMeter()];
    for (const meter of [soon, late]) meter.restore(100n, 50);
    expect(soon.take(tick({ volume: 130n, sourceTime: 49 }), false)).toBe(30n);
    expect(late.take(tick({ volume: 130n, sourceTime: 50 }), false)).toBe(0n);
    expect(late.take(tick({ volume: 131n, sourceTime: 99 }), false)).toBe(1n);
  });
});
