import { expect, test } from "vitest";
import { firstReportIntervalMs, maxReportIntervalMs, RepeatedProblemLog } from "./repeated-problem-log.ts";

const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

test("a failure every second for a day has few log lines, which count all failures, and one at the end", () => {
  const { problem, lines, pass } = watch();
  for (let second = 0; second < 86_400; second++) {
    problem.report(full);
    pass(1_000);
  }
  expect(lines.length).toBeLessThan(40);
  const intervals = lines.slice(1).map(({ seconds }, at) => seconds - (lines[at]?.seconds ?? 0));
  expect(intervals[0]).toBe(firstReportIntervalMs / 1_000);
  expect(Math.max(...intervals)).toBe(maxReportIntervalMs / 1_000);
  const reported = lines.reduce((sum, { count }) => sum + count, 0);
  problem.resolve();
  problem.resolve();
  expect(lines.filter(({ text }) => text === "over")).toEqual([{ text: "over", count: 86_400, seconds: 86_400 }]);
  expect(reported).toBeGreaterThan(86_400 - maxReportIntervalMs / 1_000);
});

test("the first failure of each kind is reported immediately", () => {
  const { problem, lines, pass } = watch();
  problem.report(full);
  problem.report(full);
  problem.report(Object.assign(new Error("input/output error"), { code: "EIO" }));
  problem.report(full);
  expect(lines).toEqual([
    { text: "no space left on device", count: 1, seconds: 0 },
    { text: "input/output error", count: 2, seconds: 0 },
  ]);
  pass(firstReportIntervalMs);
  problem.report(full);
  expect(lines.at(-1)).toEqual({ text: "no space left on device", count: 2, seconds: 10 });
});

test("many kinds of errors have few log lines", () => {
  const { problem, lines } = watch();
  for (let n = 0; n < 10_000; n++) problem.report(Object.assign(new Error(`${n}`), { code: `E${n}` }));
  expect(lines.length).toBeLessThan(20);
});

test("an intermittent problem has no more log lines than a lasting one", () => {
  const { problem, lines, pass } = watch();
  for (let second = 0; second < 86_400; second++) {
    problem.report(full);
    problem.resolve();
    pass(1_000);
  }
  expect(lines.length).toBeLessThan(80);
});

test("a problem that returns after a long time is reported immediately", () => {
  const { problem, lines, pass } = watch();
  problem.report(full);
  problem.resolve();
  pass(60_000);
  problem.report(full);
  expect(lines.map(({ text, seconds }) => [text, seconds])).toEqual([
    ["no space left on device", 0],
    ["over", 0],
    ["no space left on device", 0],
  ]);
});

test("a success without a failure is not logged", () => {
  const { problem, lines } = watch();
  problem.resolve();
  expect(lines).toEqual([]);
});

function watch() {
  let now = 0;
  const lines: { text: string; count: number; seconds: number }[] = [];
  const problem = new RepeatedProblemLog({
    onReport: ({ error, ...line }) => lines.push({ text: (error as Error).message, ...line }),
    onResolved: ({ error: _, ...line }) => lines.push({ text: "over", ...line }),
    now: () => now,
  });
  const pass = (millis: number) => {
    now += millis;
  };
  return { problem, lines, pass };
}
