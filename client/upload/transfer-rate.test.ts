import { expect, test } from "vitest";
import { TransferRate } from "./transfer-rate.ts";

test("the rate is the average of the last seconds, without the total at the start", () => {
  const rate = new TransferRate();
  rate.restart(0, 1_000_000);
  expect(rate.perSecond(5_000)).toBe(0);
  for (let second = 1; second <= 20; second++) rate.add(second * 1_000, 1_000_000 + second * 100);
  expect(rate.perSecond(20_000)).toBeCloseTo(100);
  for (let second = 21; second <= 40; second++) rate.add(second * 1_000, 1_002_000 + (second - 20) * 500);
  expect(rate.perSecond(40_000)).toBeCloseTo(500);
});

test("the rate falls while nothing arrives", () => {
  const rate = new TransferRate();
  rate.restart(0, 0);
  rate.add(1_000, 1_000);
  expect(rate.perSecond(1_000)).toBe(1_000);
  expect(rate.perSecond(10_000)).toBe(100);
});

test("a thousand chunks a second do not need more samples", () => {
  const rate = new TransferRate();
  rate.restart(0, 0);
  for (let milli = 1; milli <= 60_000; milli++) rate.add(milli, milli * 10);
  expect(rate.perSecond(60_000)).toBeCloseTo(10_000, -2);
});
