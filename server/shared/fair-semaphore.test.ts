import { expect, test } from "vitest";
import { FairSemaphore } from "./fair-semaphore.ts";
import { seededRandom } from "./seeded-random.ts";

test("waiting tasks start round-robin over their clients", async () => {
  const semaphore = new FairSemaphore(1);
  const order: string[] = [];
  const run = (peer: string, index: number) => semaphore.run(peer, async () => void order.push(`${peer}${index}`));
  const all = [0, 1, 2, 3].map((index) => run("a", index));
  all.push(run("b", 0), run("b", 1), run("c", 0));
  await Promise.all(all);
  expect(order).toEqual(["a0", "a1", "b0", "c0", "a2", "b1", "a3"]);
  expect(semaphore.running).toBe(0);
});

test("a task that fails releases its permit", async () => {
  const semaphore = new FairSemaphore(1);
  const failing = semaphore.run("a", () => Promise.reject(new Error("no")));
  const next = semaphore.run("a", async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect([await next, semaphore.running]).toEqual(["yes", 0]);
});

test("under any load at most the limit runs, and every task runs", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const max = 1 + random.below(4);
    const semaphore = new FairSemaphore(max);
    let [running, most, ended] = [0, 0, 0];
    const tasks = Array.from({ length: 60 }, async () => {
      for (let turns = random.below(20); turns > 0; turns--) await null;
      await semaphore.run(["a", "b", undefined][random.below(3)], async () => {
        most = Math.max(most, ++running);
        for (let turns = random.below(5); turns > 0; turns--) await null;
        running--;
        ended++;
      });
    });
    await Promise.all(tasks);
    expect(most).toBeLessThanOrEqual(max);
    expect([running, ended, semaphore.running]).toEqual([0, 60, 0]);
  }
});
