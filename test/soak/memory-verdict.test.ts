import { expect, test } from "vitest";
import { judgeMemory } from "./memory-verdict.ts";

const samples = (count: number, bytesAt: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({ seconds: index * 5, bytes: bytesAt(index) }));

test("memory that rises and falls around a level is flat", () => {
  expect(judgeMemory(samples(120, (index) => 300e6 + 20e6 * (index % 7)))).toMatchObject({ isFlat: true, peaks: 1 });
});

test("memory that grows by a fifth is not flat, regardless of garbage", () => {
  const verdict = judgeMemory(samples(120, (index) => 300e6 + 0.5e6 * index + 20e6 * (index % 5)));
  expect(verdict.isFlat).toBe(false);
  expect(verdict.rise).toBeGreaterThan(0.15);
});

test("memory that falls is flat", () => {
  expect(judgeMemory(samples(20, (index) => 300e6 - 1e6 * index)).isFlat).toBe(true);
});

test("too few samples have no verdict", () => {
  expect(() => judgeMemory(samples(5, () => 1))).toThrow(/too few/);
});
