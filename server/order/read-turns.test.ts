import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { ReadTurns } from "./read-turns.ts";

test("a client with many readers has every other turn where another client has one", async () => {
  const turns = new ReadTurns();
  const slices: string[] = [];
  const read = async (peer: string, count: number) => {
    for (let slice = 0; slice < count; slice++) {
      await turns.next(peer);
      slices.push(peer);
    }
  };
  await Promise.all([...Array.from({ length: 100 }, () => read("a", 2)), read("b", 10)]);
  expect(slices.slice(0, 20)).toEqual(Array.from({ length: 10 }, () => ["a", "b"]).flat());
  expect(slices).toHaveLength(210);
});

test("each reader has a turn of the loop of its own, in the order in which they ask", async () => {
  const turns = new ReadTurns();
  const slices: { reader: number; turn: number }[] = [];
  let turn = 0;
  const read = async (reader: number) => {
    for (let slice = 0; slice < 3; slice++) {
      await turns.next();
      slices.push({ reader, turn });
    }
  };
  const reading = Promise.all([0, 1, 2, 3].map(read));
  for (; turn < 20; turn++) await setImmediate();
  await reading;
  expect(slices.map(({ reader }) => reader)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  expect(new Set(slices.map((slice) => slice.turn)).size).toBe(slices.length);
});
