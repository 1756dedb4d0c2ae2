import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { CallScheduler, type StepOwner, sliceMs } from "./call-scheduler.ts";

const stepMs = 4;

test("a step runs immediately if none is queued", () => {
  const scheduler = new CallScheduler();
  const ran: string[] = [];
  scheduler.run({ peer: "a" }, () => ran.push("a"));
  expect(ran).toEqual(["a"]);
});

test("a new call is queued if others are, even if there is time", async () => {
  const scheduler = new CallScheduler();
  const ran: string[] = [];
  scheduler.enqueue({ peer: "a" }, () => ran.push("first"));
  scheduler.run({ peer: "b" }, () => ran.push("second"));
  expect(ran).toEqual([]);
  await setImmediate();
  await setImmediate();
  expect(ran).toEqual(["first", "second"]);
});

test("clients are served round-robin, and the connections of a client as well", async () => {
  const scheduler = new CallScheduler();
  const ran: string[] = [];
  const enqueue = (owner: StepOwner, name: string) => scheduler.enqueue(owner, () => ran.push(name));
  const [one, two, other] = [{ peer: "a" }, { peer: "a" }, { peer: "b" }];
  for (const n of [1, 2, 3]) enqueue(one, `one ${n}`);
  for (const n of [1, 2, 3]) enqueue(two, `two ${n}`);
  for (const n of [1, 2, 3]) enqueue(other, `other ${n}`);
  while (scheduler.queued > 0) await setImmediate();
  expect(ran).toEqual(["one 1", "other 1", "two 1", "other 2", "one 2", "other 3", "two 2", "one 3", "two 3"]);
});

test("queries that read the clock less often detect the end of the slice, and start a new slice in the next turn", async () => {
  const scheduler = new CallScheduler();
  expect(scheduler.sliceSeemsUsed).toBe(false);
  for (let worked = 0; worked <= sliceMs; worked += stepMs) work();
  const queries = Array.from({ length: 8 }, () => scheduler.sliceSeemsUsed);
  expect([queries[0], queries.at(-1)]).toEqual([false, true]);
  expect(scheduler.sliceUsed).toBe(true);
  await setImmediate();
  await setImmediate();
  expect(scheduler.sliceSeemsUsed).toBe(false);
});

test("a client that has used the event loop alone has no penalty when other clients arrive", async () => {
  const scheduler = new CallScheduler();
  const ran: string[] = [];
  for (let step = 0; step < 30; step++) scheduler.enqueue({ peer: "a" }, work);
  while (scheduler.queued > 0) {
    await setImmediate();
    if (scheduler.queued === 10) break;
  }
  for (let step = 0; step < 100; step++) scheduler.enqueue({ peer: "b" }, () => ran.push("b"));
  scheduler.enqueue({ peer: "a" }, () => ran.push("a"));
  while (scheduler.queued > 0) await setImmediate();
  expect(ran.indexOf("a")).toBeLessThan(100);
});

test("a client with long steps is skipped in a round for each millisecond of a step", async () => {
  const scheduler = new CallScheduler();
  const ran: string[] = [];
  const long = () => {
    for (let part = 0; part < 5; part++) work();
    ran.push("long");
  };
  for (let step = 0; step < 3; step++) scheduler.enqueue({ peer: "a" }, long);
  for (let step = 0; step < 10; step++) scheduler.enqueue({ peer: "b" }, () => ran.push("short"));
  while (scheduler.queued > 0) await setImmediate();
  expect(ran).toEqual(["long", ...Array<string>(10).fill("short"), "long", "long"]);
});

test("divided work is served round-robin by the client of its call, at any depth below the call", async () => {
  const scheduler = new CallScheduler();
  const ran: string[] = [];
  const part = async (name: string) => {
    await scheduler.nextTurn();
    ran.push(name);
  };
  for (const n of [1, 2, 3]) scheduler.run({ peer: "a" }, () => void part(`a ${n}`));
  scheduler.run({ peer: "b" }, () => void part("b 1"));
  while (ran.length < 4) await setImmediate();
  expect(ran).toEqual(["a 1", "b 1", "a 2", "a 3"]);
});

test("the event loop continues between steps, regardless of their number and of the promises that they settle", async () => {
  const scheduler = new CallScheduler();
  const turns: number[] = [];
  let turn = 0;
  const owner = { peer: "a" };
  for (let step = 0; step < 20; step++) {
    scheduler.enqueue(owner, async () => {
      await undefined;
      await undefined;
      work();
      turns.push(turn);
    });
  }
  for (; turns.length < 20; turn++) await setImmediate();
  const stepsOfTurns = Map.groupBy(turns, (each) => each).values();
  const most = Math.max(...stepsOfTurns.map((steps) => steps.length));
  expect(most).toBeLessThanOrEqual(Math.ceil(sliceMs / stepMs) + 1);
});

test("a step that throws does not stop the others", async () => {
  const scheduler = new CallScheduler();
  const seen = new Promise((resolve) => process.once("uncaughtException", resolve));
  const ran: string[] = [];
  const listeners = process.rawListeners("uncaughtException").slice(0, -1) as ((error: Error) => void)[];
  for (const listener of listeners) process.off("uncaughtException", listener);
  try {
    scheduler.enqueue({ peer: "a" }, () => {
      throw new Error("broken");
    });
    scheduler.enqueue({ peer: "b" }, () => ran.push("b"));
    await seen;
    while (scheduler.queued > 0) await setImmediate();
    expect(ran).toEqual(["b"]);
  } finally {
    for (const listener of listeners) process.on("uncaughtException", listener);
  }
});

test("divided work runs one part in a turn of the event loop, in order", async () => {
  const scheduler = new CallScheduler();
  const parts: { worker: number; turn: number }[] = [];
  let turn = 0;
  const run = async (worker: number) => {
    for (let part = 0; part < 3; part++) {
      await scheduler.nextTurn();
      parts.push({ worker, turn });
    }
  };
  const running = Promise.all([0, 1, 2].map(run));
  for (; parts.length < 9; turn++) await setImmediate();
  await running;
  expect(parts.map(({ worker }) => worker)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  for (const worker of [0, 1, 2]) {
    const turns = parts.filter((part) => part.worker === worker).map((part) => part.turn);
    expect(new Set(turns).size).toBe(3);
  }
});

test("divided work shares the time of a turn", async () => {
  const scheduler = new CallScheduler();
  const turns: number[] = [];
  let turn = 0;
  const run = async () => {
    await scheduler.nextTurn();
    work();
    turns.push(turn);
  };
  const running = Promise.all(Array.from({ length: 20 }, run));
  for (; turns.length < 20; turn++) await setImmediate();
  await running;
  const most = Math.max(
    ...Map.groupBy(turns, (each) => each)
      .values()
      .map((parts) => parts.length),
  );
  expect(most).toBeLessThanOrEqual(Math.ceil(sliceMs / stepMs) + 1);
});

/** Keeps the event loop busy. */
function work(): void {
  const until = performance.now() + stepMs;
  while (performance.now() < until);
}
