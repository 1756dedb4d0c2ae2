import { expect, test } from "vitest";
import type { Tick } from "../../../server/quote/feed/quote-feed.ts";
import { ManualTime, someMonday } from "../../../server/shared/testing/manual-time.ts";
import { Market, marketSymbols, maxStepsAtOnce, stepMicros } from "./market.ts";

const stepMillis = stepMicros / 1_000;

test("the market creates the ticks that are due, with the time at which they were due", () => {
  const { time, batches, market } = setUp();
  market.start(10_000);
  time.advance(stepMillis);
  time.advance(stepMillis);
  expect(batches.map(({ length }) => length)).toEqual([100, 100]);
  expect(batches.flat().map(({ symbol }) => symbol)).toEqual(marketSymbols.slice(0, 200));
  expect(batches.map(([tick]) => tick?.sourceTime)).toEqual([someMonday + stepMicros, someMonday + 2 * stepMicros]);
});

test("a rate below one tick per step is kept over several steps", () => {
  const { time, batches, market } = setUp();
  market.start(250);
  for (let step = 0; step < 4; step++) time.advance(stepMillis);
  expect(batches.map(({ length }) => length)).toEqual([2, 3, 2, 3]);
});

test("late steps keep their due times", () => {
  const time = new ManualTime();
  const batches: (readonly Tick[])[] = [];
  let lateBy = 0;
  const now = () => time.now() + lateBy;
  const market = new Market({ publish: (ticks) => void batches.push(ticks), now, timers: time.timers });
  market.start(1_000);
  lateBy = 2 * stepMicros;
  time.advance(stepMillis);
  expect(batches.map(([tick]) => tick?.sourceTime)).toEqual([1, 2, 3].map((steps) => someMonday + steps * stepMicros));
});

test("a very late market yields to the event loop before it continues", () => {
  const time = new ManualTime();
  const made: number[] = [];
  let lateBy = 0;
  const now = () => time.now() + lateBy;
  const market = new Market({ publish: () => {}, now, timers: time.timers });
  market.start(1_000);
  lateBy = 3 * maxStepsAtOnce * stepMicros;
  time.advance(stepMillis);
  made.push(market.made);
  time.advance(1);
  made.push(market.made);
  expect(made).toEqual([100, 200]);
});

test("a stopped market creates no ticks, and continues with the next tick after a restart", () => {
  const { time, batches, market } = setUp();
  market.start(1_000)();
  time.advance(5 * stepMillis);
  expect(market.made).toBe(0);
  market.start(1_000);
  time.advance(stepMillis);
  expect(market.made).toBe(10);
  market.start(1_000);
  expect(batches.flat()).toHaveLength(10);
});

function setUp() {
  const time = new ManualTime();
  const batches: (readonly Tick[])[] = [];
  const market = new Market({ publish: (ticks) => void batches.push(ticks), now: time.now, timers: time.timers });
  return { time, batches, market };
}
