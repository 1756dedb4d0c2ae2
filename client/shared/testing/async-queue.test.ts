import { describe, expect, it } from "vitest";
import { AsyncQueue } from "./async-queue.ts";

function queueOf<T>(...items: readonly T[]): AsyncQueue<T> {
  const queue = new AsyncQueue<T>();
  for (const item of items) queue.push(item);
  return queue;
}

describe("AsyncQueue", () => {
  it("delivers items in the order in which they were pushed, and then ends", async () => {
    const queue = queueOf(1, 2, 3);
    queue.close();
    expect(await Array.fromAsync(queue)).toEqual([1, 2, 3]);
  });

  it("delivers undefined as an item", async () => {
    expect(await queueOf(undefined).next()).toEqual({ done: false, value: undefined });
  });

  it("delivers later items to consumers that wait, in the order of their calls", async () => {
    const queue = new AsyncQueue<string>();
    const results = [queue.next(), queue.next(), queue.next()];
    queue.push("a");
    queue.push("b");
    queue.close();
    expect(await Promise.all(results)).toEqual([
      { done: false, value: "a" },
      { done: false, value: "b" },
      { done: true, value: undefined },
    ]);
  });

  it("counts the items that no consumer has taken", async () => {
    const queue = queueOf(1, 2);
    expect(queue.size).toBe(2);
    await queue.next();
    expect(queue.size).toBe(1);
    await queue.next();
    const pending = queue.next();
    queue.push(3);
    expect(queue.size).toBe(0);
    expect((await pending).value).toBe(3);
  });

  it("rejects once with the error of a failed queue, after the items before it", async () => {
    const queue = queueOf(1);
    queue.fail(new Error("disk full"));
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toThrow("disk full");
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it("rejects the first of the consumers that wait when the queue fails, and ends the others", async () => {
    const queue = new AsyncQueue<number>();
    const results = Promise.allSettled([queue.next(), queue.next()]);
    queue.fail(new Error("disk full"));
    expect((await results).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  });

  it("ignores items after the end, and a second end", async () => {
    const queue = queueOf(1);
    queue.close();
    queue.push(2);
    queue.fail(new Error("too late"));
    expect(await Array.fromAsync(queue)).toEqual([1]);
  });

  it("closes and discards its items when a loop over it is left", async () => {
    const queue = queueOf(1, 2, 3);
    for await (const _ of queue) break;
    queue.push(4);
    expect(queue.size).toBe(0);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});
