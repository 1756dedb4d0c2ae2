import { expect, test } from "vitest";
import { seededRandom } from "../../shared/seeded-random.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Peer } from "./shared-limit.ts";

test("clients are served round-robin, and the items of one keep their order", () => {
  const queue = new FairQueue<number>();
  for (const item of [1, 2, 3, 4]) queue.push("a", item);
  for (const item of [5, 6]) queue.push("b", item);
  queue.push(undefined, 7);
  const served = Array.from({ length: 7 }, () => queue.shift()?.item);
  expect(served).toEqual([1, 5, 7, 2, 6, 3, 4]);
  expect([queue.shift(), queue.ownerCount]).toEqual([undefined, 0]);
});

test("no item is lost, and no client is skipped", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const queue = new FairQueue<number>();
    const waiting = new Map<Peer, number[]>();
    const passedOver = new Map<Peer, number>();
    for (let step = 0; step < 200; step++) {
      if (random.below(5) < 3) {
        const peer = ["a", "b", "c", undefined][random.below(4)];
        queue.push(peer, step);
        waiting.set(peer, [...(waiting.get(peer) ?? []), step]);
        continue;
      }
      const next = queue.shift();
      const others = [...waiting].filter(([peer, items]) => items.length > 0 && peer !== next?.owner);
      for (const [peer] of others) passedOver.set(peer, (passedOver.get(peer) ?? 0) + 1);
      for (const [peer] of others) expect(passedOver.get(peer)).toBeLessThan(4);
      if (next === undefined) expect([...waiting.values()].flat()).toEqual([]);
      else {
        passedOver.set(next.owner, 0);
        expect(waiting.get(next.owner)?.shift()).toBe(next.item);
      }
    }
  }
});
