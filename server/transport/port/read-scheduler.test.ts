import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { callScheduler, sliceMs } from "../protection/call-scheduler.ts";
import { ReadScheduler } from "./read-scheduler.ts";

const manyChunks = 1_000;

test("a connection is not paused while there is time, regardless of the size of its chunks", async () => {
  const { reads, calls } = connection();
  await setImmediate();
  for (let chunk = 0; chunk < 100; chunk++) reads.countChunk();
  expect(calls).toEqual([]);
});

test("a connection of small chunks is paused when the time of a turn is used up, and resumed in a later turn", async () => {
  const { reads, calls } = connection();
  useUpSlice();
  for (let chunk = 0; chunk < manyChunks; chunk++) reads.countChunk();
  expect(calls).toEqual(["stop"]);
  await setImmediate();
  await setImmediate();
  expect(calls).toEqual(["stop", "start"]);
});

test("one paused connection is resumed in each turn, round-robin by address", async () => {
  const order: string[] = [];
  const paused = ["a 1", "a 2", "b 1"].map((name) => connection(name[0], () => order.push(name)));
  useUpSlice();
  for (const { reads } of paused) for (let chunk = 0; chunk < manyChunks; chunk++) reads.countChunk();
  const perTurn: number[] = [];
  while (order.length < 3) {
    const before = order.length;
    await setImmediate();
    perTurn.push(order.length - before);
  }
  expect(order).toEqual(["a 1", "b 1", "a 2"]);
  expect(Math.max(...perTurn)).toBe(1);
});

test("a connection that has closed meanwhile is not resumed", async () => {
  const { reads, calls, close } = connection();
  useUpSlice();
  for (let chunk = 0; chunk < manyChunks; chunk++) reads.countChunk();
  close();
  await setImmediate();
  await setImmediate();
  expect(calls).toEqual(["stop"]);
});

/** The reads of a connection, with the calls of its handle. */
function connection(peer = "a", onStart = () => {}) {
  const calls: string[] = [];
  let isOpen = true;
  const handle = {
    readStop: () => calls.push("stop"),
    readStart() {
      calls.push("start");
      onStart();
    },
  };
  const reads = new ReadScheduler(peer, () => (isOpen ? handle : undefined));
  const close = () => {
    isOpen = false;
  };
  return { reads, calls, close };
}

/** Uses up the time of calls in a turn of the event loop. */
function useUpSlice(): void {
  void callScheduler.sliceUsed;
  const until = performance.now() + 2 * sliceMs;
  while (performance.now() < until);
}
