import { expect, test } from "vitest";
import { insertIdleMarkers } from "./insert-idle-markers.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("the items of a busy source are unchanged", async () => {
  async function* items() {
    yield* [1, 2, 3];
  }
  expect(await collect(insertIdleMarkers(items(), 60_000))).toEqual([1, 2, 3]);
});

test("an idle source yields markers, and no item is lost", async () => {
  const gate = Promise.withResolvers<void>();
  async function* items() {
    yield 1;
    await gate.promise;
    yield 2;
  }
  const seen: unknown[] = [];
  for await (const item of insertIdleMarkers(items(), 10)) {
    seen.push(item);
    if (seen.length === 3) gate.resolve();
  }
  expect(seen.slice(0, 3)).toEqual([1, "idle", "idle"]);
  expect(seen.filter((item) => item !== "idle")).toEqual([1, 2]);
});

test("a failure of the source is thrown, also after a marker", async () => {
  async function* items() {
    yield 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error("broken");
  }
  await expect(collect(insertIdleMarkers(items(), 10))).rejects.toThrow("broken");
});
