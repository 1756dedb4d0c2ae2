import { expect, test } from "vitest";
import { withPauses } from "./with-pauses.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("a source that is never quiet is passed on as it is", async () => {
  async function* items() {
    yield* [1, 2, 3];
  }
  expect(await collect(withPauses(items(), 60_000))).toEqual([1, 2, 3]);
});

test("a quiet source has pauses, and loses nothing", async () => {
  const gate = Promise.withResolvers<void>();
  async function* items() {
    yield 1;
    await gate.promise;
    yield 2;
  }
  const seen: unknown[] = [];
  for await (const item of withPauses(items(), 10)) {
    seen.push(item);
    if (seen.length === 3) gate.resolve();
  }
  expect(seen.slice(0, 3)).toEqual([1, "pause", "pause"]);
  expect(seen.filter((item) => item !== "pause")).toEqual([1, 2]);
});

test("the failure of a source is passed on, also after a pause", async () => {
  async function* items() {
    yield 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error("broken");
  }
  await expect(collect(withPauses(items(), 10))).rejects.toThrow("broken");
});
