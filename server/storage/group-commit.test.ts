import { expect, test } from "vitest";
import { GroupCommit } from "./group-commit.ts";

test("the jobs that arrive while a group runs are the next group, in their order and within the limit", async () => {
  const steps: number[][] = [];
  const group = new GroupCommit<number, number>(async (jobs) => {
    steps.push([...jobs]);
    return jobs.map((job) => job * 10);
  }, 3);
  const results = await Promise.all([1, 2, 3, 4, 5].map((job) => group.add(job)));
  expect(results).toEqual([10, 20, 30, 40, 50]);
  expect(steps).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  expect(await group.add(6)).toBe(60);
});

test("a failed group fails its own jobs only", async () => {
  const group = new GroupCommit<string, string>(async (jobs) => {
    if (jobs.includes("bad")) throw new Error("the disk is full");
    return jobs;
  }, 2);
  const outcomes = await Promise.allSettled(["a", "bad", "b", "c"].map((job) => group.add(job)));
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"]);
});
