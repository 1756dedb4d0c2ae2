import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Mutex } from "./mutex.ts";

test("tasks run one at a time, in the order of the calls", async () => {
  const mutex = new Mutex();
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await nextTurn();
    log.push(`${name} ends`);
    return name;
  };
  expect(mutex.isLocked).toBe(false);
  const results = Promise.all([mutex.run(task("a")), mutex.run(task("b"))]);
  expect(mutex.isLocked).toBe(true);
  expect(await results).toEqual(["a", "b"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  expect(mutex.isLocked).toBe(false);
});

test("a task that fails rejects its own caller only, and the next task runs", async () => {
  const mutex = new Mutex();
  const failed = mutex.run(() => Promise.reject(new Error("no space")));
  const next = mutex.run(async () => "next");
  await expect(failed).rejects.toThrow("no space");
  expect(await next).toBe("next");
  expect(mutex.isLocked).toBe(false);
});
