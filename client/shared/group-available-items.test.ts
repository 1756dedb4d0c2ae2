import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { groupAvailableItems } from "./group-available-items.ts";

async function* bursts(...sizes: readonly number[]): AsyncGenerator<number> {
  for (const size of sizes) {
    for (let item = 0; item < size; item++) yield item;
    for (let turns = 0; turns < 3; turns++) await turn();
  }
}

const sizesOf = async (items: AsyncIterable<number>, max: number) =>
  (await Array.fromAsync(groupAvailableItems(items, max, turn))).map(({ length }) => length);

describe("groupAvailableItems", () => {
  it("groups the available items, up to the maximum", async () => {
    expect(await sizesOf(bursts(3, 1, 7), 5)).toEqual([3, 1, 5, 2]);
  });

  it("keeps every item, in order", async () => {
    const items = (await Array.fromAsync(groupAvailableItems(bursts(3, 2), 2, turn))).flat();
    expect(items).toEqual([0, 1, 2, 0, 1]);
  });

  it("yields no group for an empty source", async () => {
    expect(await sizesOf(bursts(), 5)).toEqual([]);
  });

  it("yields the items before a failure, and then throws it", async () => {
    async function* failing() {
      yield* bursts(2);
      throw new Error("connection lost");
    }
    const seen: number[] = [];
    const reading = (async () => {
      for await (const group of groupAvailableItems(failing(), 5, turn)) seen.push(...group);
    })();
    await expect(reading).rejects.toThrow("connection lost");
    expect(seen).toEqual([0, 1]);
  });

  it("closes the source when the loop is left", async () => {
    let ended = false;
    async function* source() {
      try {
        for (;;) yield 1;
      } finally {
        ended = true;
      }
    }
    for await (const _ of groupAvailableItems(source(), 2, turn)) break;
    expect(ended).toBe(true);
  });
});
