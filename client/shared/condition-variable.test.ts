import { expect, test } from "vitest";
import { Condition } from "./condition-variable.ts";

test("a notification resumes all waiters, in the order of their calls", async () => {
  const condition = new Condition();
  const resumed: string[] = [];
  const waiting = ["first", "second"].map((name) => condition.wait().then(() => resumed.push(name)));
  condition.notifyAll();
  await Promise.all(waiting);
  expect(resumed).toEqual(["first", "second"]);
});

test("a notification without waiters is not stored", async () => {
  const condition = new Condition();
  condition.notifyAll();
  let isResumed = false;
  const waiting = condition.wait().then(() => {
    isResumed = true;
  });
  await Promise.resolve();
  expect(isResumed).toBe(false);
  condition.notifyAll();
  await waiting;
});
