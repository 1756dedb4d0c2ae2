import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { callScheduler, sliceMs } from "../protection/call-scheduler.ts";
import { ReadScheduler } from "./read-scheduler.ts";

const manyChunks = 1_000;

test("a connection is read on while there is time, however small its chunks", async () => {
  const { reads, acts } = connection();
  await setImmediate();
  for (let chunk = 0; chunk < 100; chunk++) reads.countChunk();
  expect(acts).toEqual([]);
});

test("a connection of small chunks is held once the time of a turn is used up, and read on in a later turn", async () => {
  const { reads, acts } = connection();
  useUpSlice();
  for (let chunk = 0; chunk < manyChunks; chunk++) reads.countChunk();
  expect(acts).toEqual(["stop"]);
  await setImmediate();
  await setImmediate();
  expect(acts).toEqual(["stop", "start"]);
});

test("one held connection is read on in each turn, from all addresses alike", async () => {
  const order: string[] = [];
  const held = ["a 1", "a 2", "b 1"].map((name) => connection(name[0], () => order.push(name)));
  useUpSlice();
  for (const { reads } of held) for (let chunk = 0; chunk < manyChunks; chunk++) reads.countChunk();
  const perTurn: number[] = [];
  while (order.length < 3) {
    const before = order.length;
    await setImmediate();
    perTurn.push(order.length - before);
  }
  expect(order).toEqual(["a 1", "b 1", "a 2"]);
  expect(Math.max(...perTurn)).toBe(1);
});

test("a connection that has closed meanwhile is left alone", async () => {
  const { reads, acts, close } = connection();
  useUpSlice();
  for (let chunk = 0; chunk < manyChunks; chunk++) reads.countChunk();
  close();
  await setImmediate();
  await setImmediate();
  expect(acts).toEqual(["stop"]);
});

/** The reads of a connection, with what was done to its handle. */
function connection(peer = "a", onStart = () => {}) {
  const acts: string[] = [];
  let isOpen = true;
  const handle = {
    readStop: () => acts.push("stop"),
    readStart() {
      acts.push("start");
      onStart();
    },
  };
  const reads = new ReadScheduler(peer, () => (isOpen ? handle : undefined));
  const close = () => {
    isOpen = false;
  };
  return { reads, acts, close };
}

/** Works for as long as calls may in a turn of the event loop. */
function useUpSlice(): void {
  void callScheduler.sliceUsed;
  const until = performance.now() + 2 * sliceMs;
  while (performance.now() < until);
}
