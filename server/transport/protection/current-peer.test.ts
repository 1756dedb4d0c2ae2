import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { currentPeer, runForPeer } from "./current-peer.ts";

test("the client of a call is known after each await, also if other calls run in between", async () => {
  const call = async (peer: string) => {
    const seen = [currentPeer()];
    for (let turn = 0; turn < 3; turn++) {
      await setImmediate();
      seen.push(currentPeer());
    }
    return seen.every((each) => each === peer);
  };
  const calls = ["a", "b", "a", "c"].map((peer) => runForPeer(peer, () => call(peer)));
  expect(await Promise.all(calls)).toEqual([true, true, true, true]);
  expect(currentPeer()).toBeUndefined();
});

test("work for all clients that a call starts is attributed to no client", () => {
  expect(runForPeer("a", () => runForPeer(undefined, currentPeer))).toBeUndefined();
});
