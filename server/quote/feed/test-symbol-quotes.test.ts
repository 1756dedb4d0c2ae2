import { describe, expect, it } from "vitest";
import { microsPerSecond } from "../../../client/shared/micro-time.ts";
import { ManualTime, someMonday } from "../../shared/testing/manual-time.ts";
import type { Tick } from "./quote-feed.ts";
import { testSymbolFeed, testTick } from "./test-symbol-quotes.ts";

const mondaySecond = someMonday / microsPerSecond; // 14:30:00

/** The first ticks of a feed; `after` is called with how many there were. */
async function ticksOf(count: number, time: ManualTime, after: (ticks: number) => void = () => {}): Promise<Tick[]> {
  const stop = new AbortController();
  const ticks: Tick[] = [];
  await testSymbolFeed({ now: time.now, timers: time.instantTimers }).run((batch) => {
    ticks.push(...batch);
    after(ticks.length);
    if (ticks.length === count) stop.abort();
  }, stop.signal);
  return ticks;
}

describe("testSymbolFeed", () => {
  it("ticks immediately, and then at each full second of the clock", async () => {
    const time = new ManualTime(someMonday + 300_000);
    const at: number[] = [];
    const ticks = await ticksOf(3, time, () => at.push(time.now() - someMonday));
    expect(at).toEqual([300_000, 1_000_000, 2_000_000]);
    expect(ticks).toEqual([mondaySecond, mondaySecond + 1, mondaySecond + 2].map(testTick));
  });

  it("skips the seconds during which the machine slept, and repeats none if the clock moves back", async () => {
    const time = new ManualTime();
    const jumps = [3_600_000, -5_000];
    const ticks = await ticksOf(3, time, () => time.advance(jumps.shift() ?? 0));
    expect(ticks.map(({ sourceTime }) => (sourceTime - someMonday) / microsPerSecond)).toEqual([0, 3601, 3602]);
  });
});

describe("testTick", () => {
  it("is a complete quote, determined by the second", () => {
    expect(testTick(mondaySecond + 7)).toEqual({
      symbol: "TEST",
      sourceTime: someMonday + 7_000_000,
      bid: 118.06,
      ask: 118.08,
      bidSize: 100n,
      askSize: 100n,
      last: 118.07,
      lastSize: 1n,
      volume: 52_208n,
      open: 100,
      high: 135.99,
      low: 100,
      previousClose: 135.99,
      sourceSeq: 1_767_623_407n,
    });
  });

  it("has the high and low of the session, whose range grows in the first hour of a UTC day", () => {
    const midnight = mondaySecond - (mondaySecond % 86_400);
    expect(testTick(midnight)).toMatchObject({ last: 100, high: 100, low: 100, volume: 1n });
    expect(testTick(midnight + 3599)).toMatchObject({ last: 135.99, high: 135.99 });
    expect(testTick(midnight + 3600)).toMatchObject({ last: 100, high: 135.99 });
    expect(testTick(midnight - 1)).toMatchObject({ last: 135.99, volume: 86_400n });
  });
});
