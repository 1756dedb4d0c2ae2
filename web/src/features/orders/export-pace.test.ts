import { expect, test } from "vitest";
import { ExportPace } from "./export-pace.ts";

test("a rate needs two looks", () => {
  const pace = new ExportPace();
  expect(pace.perSecond).toBeUndefined();
  pace.add(0, 100);
  expect(pace.perSecond).toBeUndefined();
  pace.add(500, 1_100);
  expect(pace.perSecond).toBe(2_000);
});

test("it is that of the last seconds, however fast it was before", () => {
  const pace = new ExportPace();
  for (let at = 0; at <= 10_000; at += 100) pace.add(at, at < 5_000 ? at * 10 : 50_000 + (at - 5_000));
  expect(pace.perSecond).toBe(1_000);
});

test("a break is not part of it", () => {
  const pace = new ExportPace();
  pace.add(0, 0);
  pace.add(1_000, 1_000);
  pace.reset();
  expect(pace.perSecond).toBeUndefined();
  pace.add(60_000, 1_000);
  pace.add(61_000, 6_000);
  expect(pace.perSecond).toBe(5_000);
});
