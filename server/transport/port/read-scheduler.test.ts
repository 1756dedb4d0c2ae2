import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { callScheduler, sliceMs } from "../protection/call-scheduler.ts";
import { ReadScheduler } from "./read-scheduler.ts";

const manyFrames = 1_000;

test("a connection is not paused while there is time", async () => {
  const { add, calls } = connections();
  const reads = add("a 1");
  await setImmediate();
  for (let frame = 0; frame < 100; frame++) reads.countFrame();
  expect(calls).toEqual([]);
});

test("a connection of many frames is paused when the time of a turn is used up, and resumed in a later turn", async () => {
  const { add, calls } = connections();
  const reads = add("a 1");
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) reads.countFrame();
  expect(calls).toEqual(["stop a 1"]);
  await setImmediate();
  await setImmediate();
  expect(calls).toEqual(["stop a 1", "start a 1"]);
});

test("new connections are paused with it, before any of their frames are read", async () => {
  const { add, calls } = connections();
  const reads = add("a 1");
  add("a 2");
  add("b 1");
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) reads.countFrame();
  expect(calls.toSorted()).toEqual(["stop a 1", "stop a 2", "stop b 1"]);
});

test("a connection that has not used up the time of a turn for a while is not paused because of another", async () => {
  const { add, calls } = connections(0);
  const reads = add("a 1");
  add("b 1");
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) reads.countFrame();
  expect(calls).toEqual(["stop a 1"]);
});

test("paused connections are resumed round-robin by client, twice as many in each turn", async () => {
  const { add, calls } = connections();
  const [reads] = ["a 1", "a 2", "a 3", "b 1", "b 2", "c 1", "c 2"].map(add);
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) reads?.countFrame();
  calls.splice(0);
  const turns: string[][] = [];
  while (turns.flat().length < 7) {
    await setImmediate();
    if (calls.length > 0) turns.push(calls.splice(0));
  }
  expect(turns.map((turn) => turn.length)).toEqual([1, 2, 4]);
  expect(turns.flat().map((call) => call[6])).toEqual(["a", "b", "c", "a", "b", "c", "a"]);
});

test("if the time of a turn is used up again, the connections are paused again, and resumed one at first", async () => {
  const { add, calls } = connections();
  const names = ["a 1", "a 2", "a 3"];
  const [first] = names.map(add);
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) first?.countFrame();
  while (calls.length < 6) await setImmediate();
  calls.splice(0);
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) first?.countFrame();
  expect(calls.toSorted()).toEqual(names.map((name) => `stop ${name}`));
  calls.splice(0);
  while (calls.length === 0) await setImmediate();
  expect(calls).toHaveLength(1);
});

test("a connection that has closed meanwhile is not resumed", async () => {
  const { add, calls, close } = connections();
  const reads = add("a 1");
  await useUpSlice();
  for (let frame = 0; frame < manyFrames; frame++) reads.countFrame();
  close("a 1");
  await setImmediate();
  await setImmediate();
  expect(calls).toEqual(["stop a 1"]);
});

/** A scheduler of connections named by client and number, with the calls of their handles. */
function connections(pausableMs?: number) {
  const scheduler = new ReadScheduler(pausableMs);
  const calls: string[] = [];
  const closed = new Set<string>();
  const add = (name: string) => {
    const handle = { readStop: () => calls.push(`stop ${name}`), readStart: () => calls.push(`start ${name}`) };
    return scheduler.add(name.slice(0, 1), () => (closed.has(name) ? undefined : handle));
  };
  return { add, calls, close: (name: string) => closed.add(name) };
}

/** Uses up the time of calls in a new turn of the event loop. */
async function useUpSlice(): Promise<void> {
  await setImmediate();
  void callScheduler.sliceUsed;
  const until = performance.now() + 2 * sliceMs;
  while (performance.now() < until);
}
