import { expect, test } from "vitest";
import { TransferRate } from "./transfer-rate.ts";

test("the rate is of the last seconds, and does not count what was there before", () => {
  const rate = new TransferRate();
  rate.restart(0, 1_000_000);
  expect(rate.perSecond(5_000)).toBe(0);
  for (let second = 1; second <= 20; second++) rate.reach(second * 1_000, 1_000_000 + second * 100);
  expect(rate.perSecond(20_000)).toBeCloseTo(100);
  for (let second = 21; second <= 40; second++) rate.reach(second * 1_000, 1_002_000 + (second - 20) * 500);
  expect(rate.perSecond(40_000)).toBeCloseTo(500);
});

test("while nothing comes the rate goes down", () => {
  const rate = new TransferRate();
  rate.restart(0, 0);
  rate.reach(1_000, 1_000);
  expect(rate.perSecond(1_000)).toBe(1_000);
  expect(rate.perSecond(10_000)).toBe(100);
});

test("a thousand chunks a second are no more to remember", () => {
  const rate = new TransferRate();
  rate.restart(0, 0);
  for (let milli = 1; milli <= 60_000; milli++) rate.reach(milli, milli * 10);
  expect(rate.perSecond(60_000)).toBeCloseTo(10_000, -2);
});
